//go:build !windows

package disk

import (
	"errors"
	"os"
	"syscall"
)

// Full tells that an error says there is no room left; it also knows quotas and file systems whose files are limited, such
// as FAT on a USB stick.
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// SyncFolder makes a new name in the folder survive a power cut.
func SyncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	// Some network file systems cannot sync a folder and say so.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}
