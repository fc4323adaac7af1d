package main

import "fmt"

func main() {
	var n int
	fmt.Scan(&n)
	fmt.println(n)
}
