package main

import (
	"fmt"
	"os"
)

func main() {
	var n int
	fmt.Scan(&n)
	fmt.Fprint(os.Stderr, "panic: assignment to entry in nil map\n\ngoroutine 1 [running]:\nmain.main()\n\t/box/main.go:5 +0x1d\n")
	fmt.Println(n)
}
