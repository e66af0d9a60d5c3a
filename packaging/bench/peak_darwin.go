package main

import "syscall"

// peakOf returns the greatest resident size of a process in bytes, as macOS counts it.
func peakOf(u *syscall.Rusage) int64 { return u.Maxrss }

// fromDisk does nothing: macOS does not count the program's file as Linux does.
func fromDisk(string) error { return nil }
