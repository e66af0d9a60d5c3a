// Package csc is the driver of any remote signing service that speaks the Cloud Signature Consortium's API, version 2: its
// credentials are the identities of one token, and signatures/signHash signs digests. RSA (PKCS #1 v1.5), ECDSA and SM2; for
// SM2 the digest that is sent is e = SM3(Z‖M).
//
// Whoever has the account logs in with auth/login (HTTP Basic). A credential whose authorisation asks for a PIN gets it with
// credentials/authorize, for each signature; the PIN is kept in memory from Unlock to Lock, and is forgotten with the first
// failure, so that a wrong one is never tried twice. Others ask their person themselves, as by a phone: credentials/authorize is
// then followed with credentials/authorizeCheck until the person has decided. The service shows such a person a digest alone.
package csc
