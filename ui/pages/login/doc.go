// Package login is the first page: the keys that are there, each with its owner and until when, the PIN, and how many
// tries are left. It also holds the place of the login by scanning.
package login
