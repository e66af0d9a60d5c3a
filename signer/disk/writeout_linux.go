package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

// BeginWriting has the system begin to put a part of a file on the disk, so that a Sync later has less to wait for. It is
// only a hint: nothing is promised, and nothing is said when it fails.
func BeginWriting(f *os.File, offset, size int64) {
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SyncFileRange(int(fd), offset, size, unix.SYNC_FILE_RANGE_WRITE) })
	}
}
