// Package platform is the reference trading platform: it lets in who holds an organisation's key, keeps contracts and what
// is attached to them, and takes a sealed contract only when its seals hold. The rules of the contract's states stand in
// rules.go, what is checked of a sealed file in seals.go, its time-stamp service in stamp.go; store and blobs keep things,
// package web carries HTTP.
package platform
