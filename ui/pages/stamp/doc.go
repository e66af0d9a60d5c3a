// Package stamp is the page 加盖印章: the pages that will be signed, the party's seals, and where they go: on one page, at the
// same place of many, split over the edges of all, or by words. Places are the rules of package seal, and come to lie where
// the signer's own code says; the page shows that and passes it on. Then the PIN, the signature, and the verified result.
package stamp
