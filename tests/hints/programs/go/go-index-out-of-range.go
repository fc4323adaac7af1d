package main

import "fmt"

func main() {
	var n int
	fmt.Scan(&n)
	marks := make([]int, n)
	for i := range marks {
		fmt.Scan(&marks[i])
	}
	total := 0
	for i := 0; i <= n; i++ {
		total += marks[i]
	}
	fmt.Println(total)
}
