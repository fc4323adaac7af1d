package main

import "fmt"

best := 0

func main() {
	var n int
	fmt.Scan(&n)
	if n > best {
		best = n
	}
	fmt.Println(best)
}
