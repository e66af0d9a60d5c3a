//go:build !windows

package ca

import (
	"errors"
	"os"
)

// syncDir puts a folder's new names on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
