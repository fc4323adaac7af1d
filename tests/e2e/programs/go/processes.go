package main

import (
	"fmt"
	"os/exec"
)

func main() {
	for i := 0; i < 1000; i++ {
		if err := exec.Command("/bin/sleep", "1000").Start(); err != nil {
			fmt.Println("refused")
			return
		}
	}
	fmt.Println("never refused")
}
