// Package tasks is what waits for a party, and what it sent and where that is (工作台). It is made of what is known already: the
// contracts, lots and tenders that the platform listed, and the drafts, bids and changes that lie on this machine. Nothing is asked
// here, so the same knowledge gives another board as time goes by: terms run out, an opening begins.
//
// What waits stands in the order in which it presses, by its deadline; legal terms are counted in days and working days as package
// calendar counts them. All that is known came from outside: texts are cut to a line, and no more than Most lines are made.
package tasks
