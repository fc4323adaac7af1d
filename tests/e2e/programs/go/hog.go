package main

import "runtime"

func main() {
	var hoard [][]byte
	for {
		piece := make([]byte, 1<<20)
		for i := range piece {
			piece[i] = 1
		}
		hoard = append(hoard, piece)
		runtime.KeepAlive(hoard)
	}
}
