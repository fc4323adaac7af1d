package main

import "fmt"

func main() {
	var n int
	fmt.Scan(&n)
	steps := 0
	while n > 0 {
		n = n / 2
		steps++
	}
	fmt.Println(steps)
}
