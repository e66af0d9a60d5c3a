// Package wire is what the client and its helper process say to one another: a request, then its reply, over two pipes. A
// message is its length in 4 bytes, big endian, and then its fields in a fixed order, each with its own length where that
// varies. Every message has every field; most are empty.
//
// Neither end believes the other: the helper holds foreign code that may have gone astray, and messages are bounded in length,
// counts and numbers, and read to their last byte. PINs are bytes, and the memory that a message with PINs was written from
// or read into is wiped.
package wire
