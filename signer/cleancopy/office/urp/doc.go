// Package urp speaks the UNO Remote Protocol, by which a running LibreOffice is told what to do over a pipe.
//
// It is the part of the protocol that a client needs who calls methods and passes values, and never an object of its
// own: one call at a time, each waited for. The wire format is that of LibreOffice's binaryurp/source (and of "UNO
// Remote Protocol" in OpenOffice's developer documentation): blocks of one message, big-endian numbers, types and object
// identifiers with caches. This side never uses the caches when it writes, and follows the peer's when it reads.
// The peer offers to pass a context with each call; the offer is declined, as the protocol allows.
//
// What the peer sends is held to bounds; anything unexpected ends the connection with ErrProtocol.
package urp
