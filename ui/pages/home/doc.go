// Package home is the first page after the login (工作台): what waits for the party, sorted by deadline, each line a way to where
// it is done; and what was sent, and where that is.
package home
