package mobile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"sealdesk/platformapi/mobileca"
)

// Master reads the service's master key from a file, or makes it there, mode 0600.
func Master(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, mobileca.MasterSize)
		_, _ = rand.Read(key) // never fails
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, err
		}
		_, err = f.Write(key)
		return key, errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil && len(key) != mobileca.MasterSize {
		err = fmt.Errorf("%s is no master key: it has %d bytes, not %d", path, len(key), mobileca.MasterSize)
	}
	return key, err
}
