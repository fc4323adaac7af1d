package main

import "fmt"

func main() {
	var n int
	limit := 100
	fmt.Scan(&n)
	fmt.Println(n * n)
}
