package main

import "fmt"

func main() {
	n := 1 << 46
	fmt.Println(len(make([]byte, n)))
}
