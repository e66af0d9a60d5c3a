// Package house holds the drawing of the program's structure, as data, and the test that keeps it true: the import
// graph of the whole module is walked, and an arrow that the drawing does not have fails the test. Whoever needs a
// new arrow changes the drawing first, in the open.
package house
