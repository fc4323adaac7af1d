package main

import (
	"fmt"
	"os"
)

func main() {
	var n int
	in, err := os.Open("/dev/stdin")
	if err != nil {
		panic(err)
	}
	fmt.Fscan(in, &n)
	if err := os.WriteFile("/dev/stdout", []byte(fmt.Sprintf("%d\nmore\n", n*2)), 0o644); err != nil {
		panic(err)
	}
	if err := os.WriteFile("/dev/stderr", []byte("seen\n"), 0o644); err != nil {
		panic(err)
	}
}
