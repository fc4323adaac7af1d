package main

import "fmt"

func quotient(a, b int) int {
	return a / b
}

func main() {
	var a, b int
	fmt.Scan(&a, &b)
	fmt.Println(quotient(a, b))
}
