package main

import "example.com/evalx/hostile"

func main() { hostile.Run() }
