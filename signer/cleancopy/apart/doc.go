// Package apart makes clean copies of PDFs in a process of its own, so that a hostile file can end that process and
// nothing else: not the window, and no other document's work.
//
// Process starts the program again with the single argument Argument; the program asks Asked first of all, and leaves the
// rest to Main. The other process gets the names of two files, nothing of the environment that it does not need, a bound
// on its memory (RLIMIT_DATA on Linux, a job object on Windows, and the Go runtime's own limits everywhere), on what it
// writes and on its time, and its end when this process ends. It answers line by line: how far it is, then the result or
// the refusal. Anything else that it does, a crash, an endless loop, an answer that is none, is a refusal, too.
package apart
