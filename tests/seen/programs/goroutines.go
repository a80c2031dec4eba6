// A goroutine for each client.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

func converse(client net.Conn) {
	defer client.Close()
	for lines := bufio.NewScanner(client); lines.Scan(); {
		var milliseconds int
		if _, err := fmt.Sscanf(lines.Text(), "work %d", &milliseconds); err == nil {
			time.Sleep(time.Duration(milliseconds) * time.Millisecond)
		}
		ids, _ := os.Readlink("/proc/thread-self")
		fmt.Fprintln(client, strings.Replace(ids, "/task/", " ", 1))
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		panic(err)
	}
	for {
		if client, err := listener.Accept(); err == nil {
			go converse(client)
		}
	}
}
