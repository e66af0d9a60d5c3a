// Package dpop binds tokens to a key of the client (RFC 9449): whoever steals a token from a log or a proxy cannot use it.
// Key makes the proofs that the client sends with each request, Guard judges them at the server. The algorithm is ES256.
package dpop
