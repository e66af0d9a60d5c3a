// Package disk has what files on a disk need from the system beyond package os.
package disk
