package main
const n = 1
func main() { n = 2 }
