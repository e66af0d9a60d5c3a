// Package house holds the drawing of the program's structure, as data, and the test that keeps it true: the import
// graph of the whole module is walked, and an arrow that the drawing does not have fails the test. Whoever needs a
// new arrow changes the drawing first, in the open. Its tests hold what else is true of the whole, too: every text is there
// in both languages, and every test and picture that a paper names.
package house
