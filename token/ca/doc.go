// Package ca is a small certificate authority for demonstrations and tests. It
// keeps one root for each algorithm, RSA 3072, ECDSA P-256 and SM2 with SM3,
// and issues what Chinese CAs put on a key: a signing and an encryption
// certificate for an organisation, with its unified social credit code and
// the person who handles the key.
//
// It answers for what it issued: Revoke takes a certificate back, CRL (RFC 5280) and
// OCSP (RFC 6960) tell of it, for SM2 too, and Handler serves both over HTTP.
//
// The authority lives in a folder: ca.pem holds keys and roots and is nobody
// else's to read; roots.pem holds the roots alone and is there to be handed on;
// issued.jsonl grows by a line for each certificate that is issued or revoked.
package ca
