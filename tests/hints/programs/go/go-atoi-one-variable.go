package main

import (
	"fmt"
	"strconv"
)

func main() {
	var s string
	fmt.Scan(&s)
	n := strconv.Atoi(s)
	fmt.Println(n + 1)
}
