package main

import "fmt"

func main() {
	var hours, minutes int
	fmt.Scan(&hours, &minutes)
	fmt.Println(minutes*60 + hours)
}
