// Command usbkey is a USB key of SKF without anything on it, which the software key's library for Windows finds over TCP. It tells
// the port and is there until its input ends.
//
//	usbkey PIN
package main

import (
	"fmt"
	"io"
	"net"
	"os"

	"sealdesk/token/softkey"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: usbkey PIN")
		os.Exit(2)
	}
	if err := run([]byte(os.Args[1])); err != nil {
		fmt.Fprintln(os.Stderr, "usbkey:", err)
		os.Exit(1)
	}
}

func run(pin []byte) error {
	server, err := softkey.New(softkey.Options{})
	if err != nil {
		return err
	}
	defer server.Close()
	for _, serial := range []string{"KEY1", "KEY2"} {
		if _, err := server.Add(softkey.DeviceOptions{Label: "key", Serial: serial, PIN: pin}); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := server.Serve(l); err != nil {
		return err
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
