// Package pdfsig signs PDF files by an incremental update (ISO 32000-2, 7.5.6
// and 12.8). A Frame makes the value: CMS, as PAdES baseline B (ETSI EN 319
// 142-1) or GB/T 35275 have it, or the SES_Signature of an electronic seal
// (GB/T 38540).
//
// Prepare reads the document's structure, decides every byte of the update
// except the signature value, and leaves room for that. Plan.Sign asks the key
// once, for the digest of the original bytes and of the update, and returns the
// update, which stands behind them in the signed file. Memory grows with the
// seal's pictures and the pages they are on, not with the document.
//
// One signature may show in several places: ISO 32000 allows a signature field
// one widget only, so each place is a field of its own, and all fields share
// one signature dictionary as their value.
package pdfsig
