package vault

import (
	"errors"
	"os"
	"runtime"
)

// SyncFolder makes the names in a folder last. Windows has no such call; its file system journals names by itself.
func SyncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
