package soft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sealdesk/token"
	"sealdesk/token/smallfile"
)

const (
	publicFile = "token.json"
	sealedFile = "sealed.json"
	triesFile  = "tries.json"
	lockFile   = "lock"

	maxFile = 256 << 10 // bytes; a chain of a few certificates is the longest part
)

// DamagedError says that a file of the token cannot be used as it is. It is
// never the price of a try.
type DamagedError struct {
	File  string // name within the token's folder
	cause error
}

// Error is a plain sentence for logs.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("the software key's file %s is damaged: %v", e.File, e.cause)
}

// Unwrap gives what was wrong with the file.
func (e *DamagedError) Unwrap() error { return e.cause }

// Code names the outcome for the tables of words.
func (e *DamagedError) Code() string { return "token.soft_damaged" }

// Params holds "file".
func (e *DamagedError) Params() map[string]any { return map[string]any{"file": e.File} }

// readFile reads a small regular file. When the folder itself is gone the error
// is token.ErrRemoved; a missing file in a folder that is there is damage.
func readFile(dir, name string) ([]byte, error) {
	path := filepath.Join(dir, name)
	fi, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, gone := os.Lstat(dir); errors.Is(gone, fs.ErrNotExist) {
			return nil, token.ErrRemoved
		}
		return nil, &DamagedError{name, errors.New("it is missing")}
	}
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() { // opening a pipe would hang
		return nil, &DamagedError{name, errors.New("it is not a file")}
	}
	data, err := smallfile.Read(path, maxFile)
	if errors.Is(err, smallfile.ErrTooLarge) {
		return nil, &DamagedError{name, smallfile.ErrTooLarge}
	}
	return data, err
}

// readJSON decodes strictly: fields that this version does not know may change
// the meaning of those that it does.
func readJSON(dir, name string, v any) ([]byte, error) {
	data, err := readFile(dir, name)
	if err != nil {
		return nil, err
	}
	if err := decode(data, v); err != nil {
		return nil, &DamagedError{name, err}
	}
	return data, nil
}

// writeFile replaces a file. When the folder itself is gone the error is token.ErrRemoved.
func writeFile(dir, name string, data []byte) error {
	err := smallfile.Write(filepath.Join(dir, name), data, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return token.ErrRemoved
	}
	return err
}

func writeJSON(dir, name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(dir, name, append(data, '\n'))
}

// retry is how often a lock that another program holds is asked for.
const retry = 20 * time.Millisecond

// lock keeps other programs, and other tokens of this one, from the folder while
// a PIN is under way. The system lets go of it when a program dies.
func lock(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, token.ErrRemoved
	}
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(retry)
	defer tick.Stop()
	for {
		got, err := tryLock(f)
		if got {
			return func() { f.Close() }, nil
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		}
	}
}
