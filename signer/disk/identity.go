package disk

import "os"

// Identity is which file it is, and in what state: two that are equal were taken of one file, which nobody wrote to in
// between. Where the file system keeps no time of the last change, a change after which somebody set the time of the last
// writing back stays unnoticed.
type Identity struct {
	volume, file    uint64
	size            int64
	written, change int64 // in the file system's own units
}

// IdentityOf tells the state of an open file.
func IdentityOf(f *os.File) (Identity, error) { return identityOf(f) }
