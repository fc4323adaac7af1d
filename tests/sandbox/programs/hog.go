package main

import "fmt"

func main() {
	var kept [][]byte
	for i := 0; i < 2048; i++ {
		b := make([]byte, 1<<20)
		for j := range b {
			b[j] = 1
		}
		kept = append(kept, b)
	}
	fmt.Println("ESCAPED the memory limit", len(kept))
}
