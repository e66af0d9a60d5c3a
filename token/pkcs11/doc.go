// Package pkcs11 finds and uses tokens through a PKCS #11 library (OASIS PKCS #11 v2.40).
//
// Tokens are named by what they say of themselves (RFC 7512: label, serial, manufacturer, model), never by a slot, whose
// number changes. A certificate finds its private key by CKA_ID, then by the public key, then by the vendor's attributes for
// container and place; what it is for is read from the certificate first. Digests are signed as they are handed in: RSA with
// PKCS #1 v1.5 or PSS, ECDSA, and SM2 over e by the vendor's own number, which the profile tells or, for a library that
// nothing is known about, the first one under which a signature verifies.
//
// The driver is one caller to its library: calls go in order, one at a time. It keeps no PIN, except for keys that want one
// for every signature (CKA_ALWAYS_AUTHENTICATE), while the token is unlocked. Open gives it unguarded, for it is meant to run
// in a process of its own; whoever hands it out puts token.Guard above it.
package pkcs11
