// Package reader shows a document the way every page does that has one: small pages at the left, the page in the middle
// under a bar with the file's name, the zoom and the page's number. It owns the open document and closes it.
package reader
