// Package fetch asks the services around certificates over HTTP: time stamps,
// revocation lists and OCSP. One request, one answer, bounded in size and time.
//
// Where to ask often stands in a certificate, which anybody may have made. A
// Client therefore speaks http and https only, follows no redirect, sends nothing
// but what it was given, and goes to public addresses only, unless it is told that
// private ones are meant: an address inside the person's network could belong to a
// device that acts on any request. The address is judged after the name was
// resolved. Behind a proxy the name is resolved by the proxy, and only names that
// cannot be public ones are refused here.
//
// TLS certificates are verified; the proxy is that of the environment,
// unless another way is given.
package fetch
