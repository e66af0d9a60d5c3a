package mobile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"sealdesk/platformapi/mobileca"
	"sealdesk/token/smallfile"
)

// Master reads the service's master key from a file.
func Master(path string) ([]byte, error) {
	key, err := smallfile.Read(path, mobileca.MasterSize)
	if err == nil && len(key) != mobileca.MasterSize {
		err = fmt.Errorf("%s is no master key: it has %d bytes, not %d", path, len(key), mobileca.MasterSize)
	}
	return key, err
}

// MasterOrNew is Master for who begins a service: where there is no file, it makes one, readable by its owner only. Of two
// programs that begin at once both read the same.
func MasterOrNew(path string) ([]byte, error) {
	key, err := Master(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key = make([]byte, mobileca.MasterSize)
	defer clear(key)
	_, _ = rand.Read(key) // never fails
	if err := smallfile.Create(path, key, 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return Master(path)
}
