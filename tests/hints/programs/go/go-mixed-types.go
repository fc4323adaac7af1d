package main

import "fmt"

func main() {
	var n int
	var x, total float64
	fmt.Scan(&n)
	for i := 0; i < n; i++ {
		fmt.Scan(&x)
		total += x
	}
	fmt.Printf("%.2f\n", total/n)
}
