// Package uri reads and writes the names of tokens and of the identities on
// them: RFC 7512's pkcs11: URIs and, in the same manner, skf:, soft: and
// mobileca:.
//
//	pkcs11:module-path=/usr/lib/softhsm/libsofthsm2.so;token=buyer?pin-source=file:pin.txt
//	soft:token=buyer;object=sign
//
// Attributes before the question mark say which token and which object on it,
// those after it how to reach it. RFC 7512 keeps module-path for the second
// part; it is taken in both. A PIN never stands in a URI, for URIs are seen in
// argument lists and settings: pin-value is refused, pin-source names a file.
package uri
