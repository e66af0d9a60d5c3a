// Package papers keeps the documents of a contract, of a bid or of the credit library from other eyes. What lies in such a folder is encrypted with the
// vault's key, in chunks, so that memory stays flat however long a document is. Who works on a document by its path gets a
// decrypted copy in a working folder of mode 0700, which is emptied when the work ends; what a program that died left there is
// held against the encrypted form at the next start, and what has none is taken up before it goes.
package papers
