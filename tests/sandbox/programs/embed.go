package main

import (
	_ "embed"
	"fmt"
)

//go:embed /etc/passwd
var secret string

//go:embed ../../../etc/passwd
var other string

func main() { fmt.Println("ESCAPED", secret, other) }
