package main

import "fmt"

func withdraw(balance, sum int) int {
	if sum > balance {
		panic("balance too low")
	}
	return balance - sum
}

func main() {
	var balance, sum int
	fmt.Scan(&balance, &sum)
	fmt.Println(withdraw(balance, sum))
}
