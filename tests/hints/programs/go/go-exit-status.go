package main

import (
	"fmt"
	"os"
)

func main() {
	var n int
	fmt.Scan(&n)
	if n == 13 {
		fmt.Println("unlucky")
		os.Exit(3)
	}
	fmt.Println("fine")
}
