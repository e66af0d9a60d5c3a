package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// peakOf returns the greatest resident size of a process in bytes; Linux counts in KiB.
func peakOf(u *syscall.Rusage) int64 { return u.Maxrss << 10 }

// fromDisk has a program be read from the disk when it starts, as on the day it is used. What a compiler has just written
// lies in memory in large pieces, which the kernel counts whole for whoever touches them: half as much again.
func fromDisk(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return err
	}
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
