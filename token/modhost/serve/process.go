package serve

import (
	"errors"
	"io"
	"os"
	"runtime"
	"strconv"

	"sealdesk/token/profile"
)

// Main is the whole of the helper: args are the numbers of the two inherited pipes, for requests and for replies. What the
// library writes to its standard output and error goes where the client directed them, which is nowhere. The result is the
// exit status.
func Main(args []string, openers map[profile.Interface]Opener) int {
	requests, replies, err := inherited(args)
	if err != nil {
		return 2
	}
	confine()
	go func() {
		io.Copy(io.Discard, os.Stdin) // until the client is gone
		os.Exit(0)
	}()
	runtime.LockOSThread()
	if err := Serve(requests, replies, openers); err != nil {
		return 1
	}
	return 0
}

var errArguments = errors.New("want the numbers of two inherited pipes")

func inherited(args []string) (requests, replies *os.File, err error) {
	if len(args) != 2 {
		return nil, nil, errArguments
	}
	var pipes [2]*os.File
	for i, arg := range args {
		n, err := strconv.ParseUint(arg, 10, 32)
		if err != nil {
			return nil, nil, errArguments
		}
		pipes[i] = os.NewFile(uintptr(n), arg)
		if pipes[i] == nil {
			return nil, nil, errArguments
		}
		keep(pipes[i])
	}
	return pipes[0], pipes[1], nil
}
