package main

import (
	"fmt"
	"os"
)

func main() {
	var word string
	fmt.Scan(&word)
	same := true
	for i := range word {
		if word[i] != word[len(word)-1-i] {
			same = false
		}
	}
	fmt.Fprintln(os.Stderr, "debug: checked", len(word), "letters")
	fmt.Println(same)
}
