// Package twoparty shares one SM2 key between a phone and a service, so that neither holds it, neither chose it, and
// neither can sign or decrypt without the other. The signatures are plain SM2 signatures (GB/T 32918.2) and what is
// decrypted was encrypted by plain SM2 (GB/T 32918.4): who verifies and who encrypts need not know.
//
// Scheme is the service's half, as package mobileca uses it; the phone's half is the web app's, and in Go package
// twopartytest's. Messages between the halves are opaque bytes to those who carry them, so that another scheme can take
// the place of Shared, which is the one of the Chinese patent CN104243456: to use it in China in trade needs a licence.
//
// Shared: the phone has d1, the service d2, the whole key would be d = 1/(d1·d2) - 1 with the public key
// P = 1/(d1·d2)·G - G. The phone keeps d1 blinded by its PIN, so that every PIN opens to some d1: whether it is the
// right one only the service can tell, which keeps P1 = 1/d1·G, asks for a proof of 1/d1 before it answers, and counts.
// For that the phone must keep neither P1 nor 1/d2·G nor any message of a signature: each would let a thief try PINs.
package twoparty
