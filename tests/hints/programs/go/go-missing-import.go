package main

import "fmt"

func main() {
	var word string
	fmt.Scan(&word)
	fmt.Println(strings.ToUpper(word))
}
