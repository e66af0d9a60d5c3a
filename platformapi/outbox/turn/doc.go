// Package turn lets one process at a time do a thing: a lock on a file, which the system lets go of when the process ends,
// however it ends. Windows and programs that work in the same folders take turns by it.
package turn
