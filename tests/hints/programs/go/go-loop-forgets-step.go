package main

import "fmt"

func main() {
	var n int
	fmt.Scan(&n)
	divisors := 0
	i := 1
	for i <= n {
		if n%i == 0 {
			divisors++
		}
	}
	fmt.Println(divisors)
}
