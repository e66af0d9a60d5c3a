// Package envelope writes and opens digital envelopes (数字信封): EnvelopedData of
// RFC 5652, 6, or of GB/T 35275 (GM/T 0010), whose content key is given to each
// recipient under the public key of a certificate, which is named by its issuer
// and serial number.
//
// The content is short and in memory: keys, or another envelope. It is encrypted
// with SM4-CBC or AES-256-CBC, which every reader of envelopes knows and which
// protect no integrity: whoever needs that compares a digest of what came out.
// Keys are given by SM2 (the SM2Cipher of GM/T 0009) or RSA PKCS #1 v1.5, the one
// padding that keys behind GM/T 0016 decrypt, and that PKCS #11 keys all do.
package envelope
