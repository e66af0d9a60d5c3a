package disk

import (
	"errors"

	"golang.org/x/sys/windows"
)

// Full tells that an error says there is no room left.
func Full(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// SyncFolder does nothing: Windows has no such call, NTFS keeps names in its journal.
func SyncFolder(string) error { return nil }
