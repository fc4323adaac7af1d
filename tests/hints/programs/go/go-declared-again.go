package main

import "fmt"

func main() {
	var a, b, c int
	fmt.Scan(&a, &b, &c)
	sum := a + b
	sum := sum + c
	fmt.Println(sum)
}
