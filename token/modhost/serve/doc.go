// Package serve is the helper's end of package modhost: it loads one library and does what the client asks of it, one request
// after the other, on one thread of the system, for there are libraries that keep their state by thread.
//
// The helper ends with its client: its standard input is a pipe that the client holds open, and when that closes the helper is
// gone at once, whatever its library is doing.
package serve
