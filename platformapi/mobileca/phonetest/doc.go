// Package phonetest is a phone in Go, and a desktop for it, for tests of the mobile CA's service and of what speaks to it:
// the phone's half of the scheme is package twopartytest's, the rest the calls that the web app makes. Like the app, the
// phone checks the fingerprint of the code, the commitment, the request's signature and what is signed before it asks for
// a PIN, and reckons e itself.
package phonetest
