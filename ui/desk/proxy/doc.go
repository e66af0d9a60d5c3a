// Package proxy finds the way to a server: none but the direct one, the proxy that the system is set to, or one that the
// person named; and the login that a proxy wants.
package proxy
