// Package tsa makes, asks for and judges time stamps (RFC 3161 with RFC 5816;
// GB/T 20520 and GM/T 0033 are the same structures with SM2 and SM3).
//
// ParseToken reads a time-stamp token strictly. Token.Check says whether it is
// intact, is over a digest, and is the work of a certificate that is meant for time
// stamps and for nothing else; Token.Trust, whether that certificate leads to a
// trusted root at the time it states. Neither touches the network.
//
// Client asks an authority and accepts only a token that answers its very question.
// Authority is the other end: a key, its certificate and a clock.
package tsa
