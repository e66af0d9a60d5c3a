// Package pdfclean writes the pages of a PDF, and nothing but its pages, into a new file.
//
// Inspect says what a file holds beside its pages and whether there is a reason not to touch it: a signature, an XFA
// form, a layer that is not shown. Rebuild starts a new file from the whitelisted entries of the catalog and of each
// page and follows references from there; what a page does not draw with is never reached, so earlier revisions,
// scripts, attachments and objects that nobody refers to stay behind. Annotations and form fields must have been drawn
// into the pages before (that needs a renderer, which this package does not have).
package pdfclean
