// Package faults makes the operating system fail a program at a point of our choice, without the program knowing: a seccomp
// filter (Linux 5.19 and newer) hands each call that changes a file to this package, which lets it pass, refuses it, writes
// only half of it, or kills the program there. Nothing in the program is replaced: what is tested is what people run, down
// to the pages that SQLite writes. Its tests fail the signing of a file, the outbox and the platform's uploads at every such
// point, and at every call over HTTP.
package faults
