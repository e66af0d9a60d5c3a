// Package disk has what files on a disk need from the system beyond package os: a name that a file gets only when it is whole,
// why a disk refuses, and which file it is.
package disk
