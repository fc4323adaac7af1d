package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// A thousand goroutines that each want a thread of their own.
func main() {
	for i := 0; i < 1000; i++ {
		go func() {
			runtime.LockOSThread()
			time.Sleep(20 * time.Second)
		}()
	}
	_ = exec.Command("/bin/true").Run()
	time.Sleep(200 * time.Millisecond)
	fmt.Println("done")
	os.Exit(0)
}
