// Package signer takes a document through seal and signature: a Job names the
// input, the seal and its places, and the key; running it yields a signed file
// that has been verified by reading it back.
//
// The signed file grows under a temporary name beside its destination. It gets
// its name only after package verify found every signature in it intact, the
// newest one made by the very certificate that was chosen and with the very
// electronic seal, and the original bytes unchanged in front. Otherwise it is
// thrown away. An earlier signature of a kind that nobody here can judge stops the
// job too, unless Job.AcceptUnknown says otherwise. The input is only read, and a
// file that is there already is never replaced.
package signer
