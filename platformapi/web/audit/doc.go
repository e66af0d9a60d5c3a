// Package audit is a server's chain of what was done: each row is hashed together with the hash before it, so that
// nobody changes, takes out or slips in a row unseen by who knows a later hash, and every receipt carries one.
package audit
