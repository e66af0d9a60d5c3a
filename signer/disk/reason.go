package disk

import (
	"errors"
	"io/fs"
	"syscall"
)

// Reason is why a file could not be made.
type Reason int

// The reasons.
const (
	Other        Reason = iota
	Exists              // something has the name
	NoFolder            // the folder is not there
	NoPermission        // the folder cannot be written to
	NoRoom              // see Full
)

// Why tells the reason of an error of making, writing or naming a file.
func Why(err error) Reason {
	switch {
	case errors.Is(err, fs.ErrExist):
		return Exists
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		return NoFolder
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		return NoPermission
	case Full(err):
		return NoRoom
	}
	return Other
}
