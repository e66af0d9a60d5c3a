// Package store declares what the reference platform must remember, as use cases: each method is one transaction, so that
// what must hold together (a contract's new version, its history, the receipt, the stored answer) does.
package store
