package main

type a [1 << 20]int
type b [1 << 10]a

var x = [...]b{1 << 10: {}}

func main() { println(len(x)) }
