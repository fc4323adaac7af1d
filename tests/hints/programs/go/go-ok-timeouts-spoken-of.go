package main

import "fmt"

func main() {
	var level int
	fmt.Scan(&level)
	verdicts := []string{"accepted", "time limit exceeded", "memory limit exceeded"}
	fmt.Println(verdicts[level])
}
