// Package cryptoki calls a PKCS#11 library (OASIS PKCS #11 v2.40) as a C program would, without a C compiler: the library
// is loaded at run time, and structures are written and read in the layout that C gives them, which on Windows is packed
// and has 4-byte numbers.
//
// It is thin, but it does not trust the library. Every output buffer is made here, large enough for what is asked, so that
// signing and decrypting are one call each and no key asks for its button twice; every length that comes back is checked
// against the buffer; lists are bounded. A PIN goes to the library from the caller's own buffer and is not copied.
//
// A [Module] and its sessions are for one caller at a time.
package cryptoki
