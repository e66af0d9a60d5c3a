// Package pdfcopy makes the clean copy of one PDF, from its bytes to the bytes of the copy and what is to be said of it.
//
// The way is: read strictly, and where that fails let PDFium mend the file; find out what it holds beside its pages
// (package pdfclean); have PDFium draw annotations and form fields into the pages; write the pages anew without anything
// that cannot be seen; hold every page's picture against the original's, as printed. What is merely hard to see stays, and
// is told: where words stand in the clean copy's picture without showing, are tiny, or lie off the page.
//
// A document that bears a signature is kept as it is. All reasons not to make a copy are refusals (package refusal).
// The package trusts neither the file nor PDFium; package apart runs it in a process of its own.
package pdfcopy
