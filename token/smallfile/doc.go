// Package smallfile keeps small files: what is written is there whole or not at all, whenever the power goes, and no more is
// read than such a file may have.
package smallfile
