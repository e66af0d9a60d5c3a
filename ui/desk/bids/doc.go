// Package bids is a supplier's bid in the making (投标工具): the tender's outline with a file for each of its nodes, cleaned
// and sealed one by one, the price form, the check of all that against the outline, and the one encrypted file that is built of
// it. A Book holds the bids of a party, a Project is one of them.
//
// A project's documents lie on an encrypted shelf, and a bid is built straight from there: nothing readable is written while it
// is made. What a project needs of the party's session, keys above all, comes from outside: the Desk, and functions that sign.
package bids
