package main

import "fmt"

func main() {
	fmt.Println("before")
	var nothing map[string]int
	nothing["x"] = 1
}
