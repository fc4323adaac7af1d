package main

// #include "/etc/shadow"
// #cgo CFLAGS: -fplugin=/tmp/x.so
// #cgo LDFLAGS: -Wl,-o,/tmp/evalx-hostile
// int f(void) { return 1; }
import "C"
import "fmt"

func main() { fmt.Println("ESCAPED cgo", C.f()) }
