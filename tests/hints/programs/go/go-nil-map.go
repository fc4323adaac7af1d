package main

import "fmt"

func main() {
	var seen map[string]int
	var word string
	for {
		_, err := fmt.Scan(&word)
		if err != nil {
			break
		}
		seen[word]++
	}
	fmt.Println(len(seen))
}
