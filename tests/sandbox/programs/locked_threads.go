package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// Threads that are never given back, all signals ignored, raw system calls and a child that outlives its parent.
func main() {
	signal.Ignore()
	for i := 0; i < 30; i++ {
		go func() { runtime.LockOSThread(); time.Sleep(time.Hour) }()
	}
	for name, call := range map[string][4]uintptr{"unshare": {272, 0x10000000, 0, 0}, "mount": {165, 0, 0, 0}, "setns": {308, 0, 0, 0}, "ptrace": {101, 0, 0, 0}, "clone3": {435, 0, 0, 0}, "vsock": {41, 40, 1, 0}} {
		if _, _, e := syscall.RawSyscall(call[0], call[1], call[2], call[3]); e == 0 {
			fmt.Println("ESCAPED", name)
		}
	}
	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "while :; do :; done"}, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Setsid: true}})
	if err == nil {
		p.Release()
	}
	time.Sleep(50 * time.Millisecond)
	fmt.Println("done")
}
