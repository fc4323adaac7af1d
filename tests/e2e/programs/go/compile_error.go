package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println(undeclared_thing)
}
