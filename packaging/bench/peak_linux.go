package main

import "syscall"

// peakOf returns the greatest resident size of a process in bytes; Linux counts in KiB.
func peakOf(u *syscall.Rusage) int64 { return u.Maxrss << 10 }
