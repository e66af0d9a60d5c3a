// Package verify says what a signed PDF is worth, in one of four words: valid,
// untrusted, invalid, unsigned.
//
// It denies by default. A signature holds for the revision it signed; every
// later revision is compared object by object with the one before, and only
// what a rule of this package allows (a further signature with its picture,
// validation data, document metadata) leaves the earlier signatures standing.
// Whatever no rule explains is a modification, and so are bytes that no
// cross-reference table leads to. Nothing is repaired while reading: two
// programs that repair differently show two different contracts.
//
// One file of the package holds one rule: sig.go what a signature covers, value.go and value_*.go what its
// value says (CMS of RFC 5652 and GB/T 35275, bare PKCS #1, electronic seals of GB/T 38540), stray.go that none hides,
// stamp.go the time stamps, evidence.go what the file brings to be judged by later (its security store and what its
// document time stamps prove), revoked.go what is known of revocation and the level that follows from all of that,
// tile.go that later bytes belong to revisions, diff.go and the files allow_*.go
// what a revision may change, owners.go which fields a widget is a part of, certify.go DocMDP, lock.go FieldMDP, trust.go the
// certificate chain, policy.go its policies, seals.go where seals show and look.go what they show, attack.go
// the names of attacks, verdict.go how it adds up. The standards are
// ISO 32000-1, 12.8 and ETSI EN 319 142-1; the attacks are those published as
// universal signature forgery, incremental saving, signature wrapping, shadow
// attacks, and evil annotation and sneaky signature attacks. The files
// rebuilt_*_test.go make them over signatures of every kind.
//
// Documents may be of any size: the signed bytes are streamed through the hash,
// nothing is run, and no network is touched, unless the caller hands over somebody who
// asks about revocation.
package verify
