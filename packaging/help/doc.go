// Command help renders the guides as HTML, one file a language, to be put on a server or printed.
//
//	go run ./packaging/help [-o dist/help]
package main
