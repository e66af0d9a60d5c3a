// Package softkey is a software USB key behind real shared libraries. A program
// that talks to keys loads one of them as it loads a vendor's, by the SKF
// interface (GM/T 0016) or by PKCS #11 (2.40), and finds keys with PINs that
// lock, containers, paired certificates, RSA, P-256 and SM2.
//
// The libraries are a few hundred lines of C that hold no secret and know no
// cryptography: [Build] compiles them, and they forward each call over a unix
// socket to a [Server], which may live in the test itself. The server is told to
// behave as this or that vendor's key does ([Dialect]) and to go wrong in the
// ways real keys were seen to ([Fault]): pulled out in the middle of a signature,
// hanging, crashing the program, returning absurd lengths and wrong signatures.
// It counts what reached it, so that a test can say that a PIN was sent once.
//
// A library finds its server at the socket that SEALDESK_SOFTKEY_SOCKET names,
// or else at softkey.sock in its own folder. It is never a Go library: two Go
// runtimes in one process stop each other's preemption.
//
// The keys are for tests and development. They are not encrypted on the disk and
// in memory, and whoever can open the socket can use them.
package softkey
