package keyfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"sealdesk/platformapi/outbox/vault"
)

// Create writes a file that only its owner reads. It has its name when it is whole, and keeps both when the power goes after
// Create returned. A file that is there already is not touched, and that is no error: of two programs that begin at once both
// read the same afterwards.
func Create(path string, secret []byte) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(secret)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return vault.SyncFolder(dir)
}
