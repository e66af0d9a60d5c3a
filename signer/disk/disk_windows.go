package disk

import (
	"errors"

	"golang.org/x/sys/windows"
)

// Full tells that an error says there is no room left; it also knows quotas and file systems whose files are limited, such
// as FAT on a USB stick.
func Full(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED) || errors.Is(err, windows.ERROR_FILE_TOO_LARGE)
}

// SyncFolder does nothing: Windows has no such call, NTFS keeps names in its journal.
func SyncFolder(string) error { return nil }
