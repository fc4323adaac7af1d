package main

import "fmt"

func area(w int, h int) int {
	return w * h
}

func main() {
	var a, b int
	fmt.Scan(&a, &b)
	fmt.Println(area(a), b)
}
