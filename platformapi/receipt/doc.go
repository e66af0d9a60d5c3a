// Package receipt signs a platform's receipts and verifies them. A signed receipt is a JSON Web Signature (RFC 7515, compact):
// its payload is the receipt with the platform's address and the organisation that it was given to, its header the
// platform's certificate and those of its issuers (x5c). The certificate must name the platform's host, as one for TLS does,
// so that nobody else whom the same authority certified can write receipts. Algorithms: RS256 and ES256 (RFC 7518), and
// "SM2", SM2 with SM3 and the default user id (GM/T 0003.2, GM/T 0009), for which there is no registered name.
package receipt
