// Package keys is the page 证书与密钥: the tokens that are plugged in with their certificates, pairs, chains and ends, the
// change of a PIN and the test of a key, and the drivers of this machine with what became of them.
package keys
