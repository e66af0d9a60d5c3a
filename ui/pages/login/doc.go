// Package login is the first page: the keys that are there, each with its owner and until when, the PIN, and how many
// tries are left. Beside that it has the login by scanning and by an account, the choice of the platform, and the sessions that
// one can go on with.
package login
