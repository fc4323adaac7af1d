package main

import "fmt"

func main() {
	results := make(chan int)
	sum := 0
	for i := 1; i <= 4; i++ {
		sum += i
	}
	results <- sum
	fmt.Println(<-results)
}
