// Package revocation says whether a certificate was revoked: good, revoked, or not
// known and why not. What was not asked, or not answered by somebody entitled to, in
// time and about this very certificate, is not known, never good.
//
// JudgeOCSP (RFC 6960) and JudgeCRL (RFC 5280, 5) judge an answer that is at hand,
// such as one inside a document, about the present or about a moment of the past; they
// touch no network. They know RSA, ECDSA and SM2 with SM3. A Checker asks where the
// certificate says, but only with the Fetcher that it is given: without one it answers
// from its cache or not at all. Answers keep their DER, to be put into a document's
// security store.
//
// Not known here, and said so: delta and indirect lists, lists for some reasons only,
// and signatures with SHA-1.
package revocation
