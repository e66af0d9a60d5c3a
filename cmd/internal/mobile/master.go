package mobile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"sealdesk/platformapi/mobileca"
	"sealdesk/token/smallfile"
)

// Master reads the service's master key from a file, or makes it there, mode 0600.
func Master(path string) ([]byte, error) {
	key, err := smallfile.Read(path, mobileca.MasterSize)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, mobileca.MasterSize)
		_, _ = rand.Read(key) // never fails
		err = smallfile.Create(path, key, 0o600)
		if errors.Is(err, fs.ErrExist) { // another program made it in this moment
			key, err = smallfile.Read(path, mobileca.MasterSize)
		}
	}
	if err == nil && len(key) != mobileca.MasterSize {
		err = fmt.Errorf("%s is no master key: it has %d bytes, not %d", path, len(key), mobileca.MasterSize)
	}
	return key, err
}
