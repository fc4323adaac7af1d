package main

import (
	"fmt"
	"os"
)

func main() {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintln(os.Stderr, "panic:", r)
			fmt.Println("recovered")
		}
	}()
	var n int
	fmt.Scan(&n)
	list := []int{1, 2, 3}
	fmt.Println(list[n])
}
