package main

import (
	"fmt"
	"net"
	"time"
)

func main() {
	for _, address := range []string{"1.1.1.1:53", "169.254.169.254:80", "127.0.0.1:6379", "[::1]:22", "10.0.0.1:80"} {
		if c, err := net.DialTimeout("tcp", address, 500*time.Millisecond); err == nil {
			fmt.Println("ESCAPED", address, c)
		}
	}
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback == 0 {
			fmt.Println("ESCAPED", i.Name)
		}
	}
	fmt.Println("done")
}
