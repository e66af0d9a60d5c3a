// Package ca is a small certificate authority for demonstrations and tests. It
// keeps one root for each algorithm, RSA 3072, ECDSA P-256 and SM2 with SM3,
// and issues what Chinese CAs put on a key: a signing and an encryption
// certificate for an organisation, with its unified social credit code and
// the person who handles the key.
//
// The authority lives in a folder: ca.pem holds keys and roots and is nobody
// else's to read; roots.pem holds the roots alone and is there to be handed on.
package ca
