// Package softkeytest starts a software key for one test: a server of its own, and a library of its own beside the server's
// socket, so that tests run in parallel without an environment variable between them.
package softkeytest
