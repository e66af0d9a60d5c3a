// Package term says on the pages of contracts that a legal term ends soon or is over, by which article, and that nothing is
// kept from being done by it.
package term
