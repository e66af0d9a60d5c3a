// Package keyfile makes the files of the keys under which a program's data stands: once, whole, and on the disk before anything
// is encrypted with them.
package keyfile
