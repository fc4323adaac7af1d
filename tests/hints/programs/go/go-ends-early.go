package main

import "fmt"

func main() {
	var n, x int
	fmt.Scan(&n)
	for i := 0; i < n; i++ {
		fmt.Scan(&x)
		fmt.Println(x * 2)
		if x == 0 {
			break
		}
	}
}
