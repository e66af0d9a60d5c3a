//go:build !windows

package desk

import (
	"errors"
	"syscall"
)

// full tells that a write failed for want of room: of the disk, of this person's share of it, or of one file.
func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
