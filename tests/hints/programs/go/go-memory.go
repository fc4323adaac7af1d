package main

import "fmt"

func main() {
	var n int
	fmt.Scan(&n)
	rows := [][]int{}
	for i := 0; i < n; i++ {
		row := make([]int, n)
		for j := range row {
			row[j] = i ^ j
		}
		rows = append(rows, row)
	}
	fmt.Println(len(rows))
}
