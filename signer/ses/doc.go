// Package ses reads, judges and makes the two structures of Chinese electronic
// seals: SESeal, the picture with its owner, its term and those who may use it,
// signed by a seal maker (制章者); and SES_Signature, which one of those makes
// when he presses the seal on a document (签章).
//
// Three versions are known: 1 of GM/T 0031-2014, 4 of GB/T 38540-2020 and 5 of
// GM/T 0031-2025, with SM2 and SM3 (GB/T 32918, GB/T 32905) or with RSA and
// SHA-2. ParseSeal and ParseSignature accept DER only, of bounded size, and keep
// the bytes they read, so that what is judged is what was sent; nothing in them
// recurses, so depth is that of the structure. Two liberties that common writers
// take are let through and told as findings: extensions of a seal without
// their tag, and a FALSE that DER leaves out.
//
// Judge follows the order of the standards, the value of the signature, the
// certificate, the times, the digest, the seal, and tells everything that it
// finds, not the first alone. A signature's link to its document is the digest
// and the property information, which the caller hands over; what lies between a
// document and its digest is not known here. No network is touched: whether
// a certificate was revoked, and what a time stamp says, is told as not known
// unless the caller's Options say that somebody else looks into it.
//
// Seal makers are trusted apart from signers. Whoever may sign could otherwise
// make himself the seal of any organisation.
package ses
