//go:build !linux

package disk

import "os"

// BeginWriting does nothing: only Linux has such a hint.
func BeginWriting(*os.File, int64, int64) {}
