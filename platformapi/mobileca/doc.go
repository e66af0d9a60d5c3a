// Package mobileca is the mobile CA behind mobilecad: certificates whose keys are shared between a phone and this service
// (package twoparty), and what desktops ask of them by a QR code. openapi.yaml is its wire (package wire), package store
// what it keeps, package csc the same keys for clients of the Cloud Signature Consortium's API.
//
// A topic of the wire is a file here and, where it keeps something, a file of the store: what may be done is decided here,
// by a rule that the store runs within its transaction. Who checks identities, sends messages and issues certificates is
// somebody else's, behind the interfaces of provider.go.
package mobileca
