// Package keycard shows a key to choose: on the login page and where a certificate is bound to an account.
package keycard
