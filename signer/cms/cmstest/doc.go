// Package cmstest makes keys and certificates for tests that sign: a root, an
// issuing authority and a signer, in RSA, ECDSA or SM2; it has openssl judge what was signed.
package cmstest
