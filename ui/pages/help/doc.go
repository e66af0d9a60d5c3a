// Package help is the reader of the guides: the topics on the left, the one that belongs to the page from which F1 was pressed
// on the right.
package help
