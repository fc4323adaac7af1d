package main

import "fmt"

func main() {
	var text string
	fmt.Scan(&text)
	var age int = text
	fmt.Println(age + 1)
}
