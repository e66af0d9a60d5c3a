// Package twopartytest is the phone's half of twoparty's shared SM2 key in Go: what the phone's web app does in a browser,
// for tests without one and as a second reading of the protocol. It takes no share of code with the service's half but
// the arithmetic, so that what the protocol is called and in what order its parts are hashed is written down twice.
package twopartytest
