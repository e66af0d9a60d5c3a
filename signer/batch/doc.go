// Package batch signs many documents with one key and one rule of where the seal goes, each exactly once, whatever ends the
// work in between.
//
// A batch has an output folder of its own. What is known of its files is in a ledger there: a line of JSON for each file
// that was signed, with the SHA-256 of the document and of the signed file, synced before the file is told as done. A
// program that is started again goes on from it. A signed file gets its name only after it was verified (package signer),
// so one that is there without a line, because the program died between, is adopted when it continues the very bytes of
// its document with an intact signature of this certificate. Nothing is ever overwritten, and a file that was signed and is
// gone is not signed again: a person took it away.
//
// The files are worked on side by side, but the key is asked for one signature at a time. What is wrong with a file stops
// nothing. The first failure of the key itself stops the batch, and the key is left alone from then on; so does a disk that
// is full. What was not reached is waiting, and the next run does it.
package batch
