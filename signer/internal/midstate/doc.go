// Package midstate keeps the states of hashes along the bytes of a file, so that
// what was hashed once need not be hashed again: a digest over the file's
// beginning and something else goes on from the last state before they part.
package midstate
