package main

import "fmt"

func main() {
	var a, b int32
	fmt.Scan(&a, &b)
	product := a * b
	fmt.Println(product)
}
