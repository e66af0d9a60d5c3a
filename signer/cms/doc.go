// Package cms builds and judges the one shape of CMS SignedData (RFC 5652)
// that a PDF signature needs: detached, DER, exactly one signer, signed
// attributes present. ParseAttached and SignAttached are the same with the
// content inside, for time-stamp tokens.
//
// A Builder writes the frame of PAdES baseline signatures (ETSI EN 319 142-1,
// EN 319 122-1): signed attributes content-type, message-digest and
// signing-certificate-v2, and signing-time where it is asked for. The same frame carries RSA and
// ECDSA with SHA-2 and SM2 with SM3 (GB/T 32918, OIDs of GM/T 0006), under the
// content types of RFC 5652 or of GB/T 35275.
//
// Parse is the strict opposite: it accepts DER only, repairs nothing, and
// keeps the bytes it read, so that Check verifies what was sent and not what a
// decoder made of it. Parse also knows the content types of GM/T 0010
// (GB/T 35275). The judgement of chains and of trust is not made here.
//
// ParseAs, ToDER and ParsePKCS1 are for what other and older writers made: whoever
// asks says which liberties are taken, and Weak and its like tell of them.
package cms
