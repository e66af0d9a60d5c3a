// Package stamp is the page 加盖印章: the pages that will be signed, the party's seals, and where they go: dragged onto a page,
// set in millimetres, or put at a keyword. Then the PIN, the signature, and the verified result.
package stamp
