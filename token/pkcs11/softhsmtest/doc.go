// Package softhsmtest makes tokens of SoftHSM2 for tests, each with a signing and an encryption key of a small certificate
// authority on it. SoftHSM2 is an independent program: what works with it does not work by an agreement of this one with
// itself.
package softhsmtest
