package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

func main() {
	var total int64
	var wait sync.WaitGroup
	for i := 0; i < 8; i++ {
		wait.Add(1)
		go func(number int64) {
			defer wait.Done()
			for k := 0; k < 1000; k++ {
				atomic.AddInt64(&total, number)
			}
		}(int64(i))
	}
	wait.Wait()
	fmt.Println(total)
}
