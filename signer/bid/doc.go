// Package bid makes, seals, opens and judges bids (投标文件): one file that holds the parts of an offer under a signed
// manifest, closed in two layers. The inner layer opens with the bidder's encryption key, the outer one, around it, with the
// platform's; so nobody reads a bid alone, the platform not before it takes its layer off and the bidder not before that.
// FORMAT.md has the file byte by byte; decode.py beside it reads one without this package.
//
// A Builder makes a bid with its inner layer, and with the outer one where it is asked for; Wrap puts that on later. Open reads
// a bid's frame. Verify judges it without any key. OpenOuter takes the platform's layer off an envelope, OpenInner the bidder's,
// with one operation of a key each, whatever the size of the bid; what that yields reads parts in any order. An envelope holds
// the key of some parts, so that a bid with two (双信封) can have its price closed while the rest is read. The price is committed
// to in the manifest: whoever opens it sees whether it is the one that was signed.
//
// Keys are a crypto.Signer and a crypto.Decrypter with their certificates. Work on contents uses all cores; memory does
// not grow with the size of a bid: some mebibytes for each core, and 32 bytes for each mebibyte of the largest part.
package bid
