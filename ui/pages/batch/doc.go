// Package batch is the page 批量盖章: many files, one rule, one PIN. The files are checked first and can be looked at with the seal
// where it will go; then they are sealed, and what became of each is told.
package batch
