package main

import "fmt"

type Shape interface {
	Perimeter() int
}

type Square struct {
	side int
}

func (s Square) perimeter() int {
	return 4 * s.side
}

func main() {
	var s Shape = Square{3}
	fmt.Println(s.Perimeter())
}
