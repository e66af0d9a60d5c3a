package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"sealdesk/platformapi/outbox/turn"
)

// lockName is the file in a server's folder that is locked while it serves.
const lockName = "server.lock"

// Claim keeps other servers from the folder of --data, which is made if need be, until End or until this process ends, however it ends. It is for a
// SQLite file: what one server remembers of it another one would change behind its back.
func Claim(dir string) (*turn.Turn, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, File("data", dir, err)
	}
	path := filepath.Join(dir, lockName)
	t, err := turn.Try(path)
	switch {
	case errors.Is(err, turn.ErrTaken):
		return nil, fmt.Errorf("--data %s: another server works in this folder already%s; end that one or name another folder (several servers work together over --database)", dir, holder(path))
	case err != nil:
		return nil, File("data", path, err)
	}
	if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil { // who comes later is told, if it works
		_, _ = f.WriteAt(fmt.Appendf(nil, "%-10d\n", os.Getpid()), 1) // Windows keeps others from reading the first byte, which is locked
		_ = f.Close()
	}
	return t, nil
}

// holder names the process that has the folder, if it said so.
func holder(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }() // it was only read
	b := make([]byte, 11)
	n, _ := f.ReadAt(b, 1)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}
