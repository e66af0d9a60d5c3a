// Package archive knows what makes a PDF a file for the archive, PDF/A-2b (ISO 19005-2): the metadata by which it says
// so, the colours that it means, and, by Judge, what stands against it.
//
// Judge is made for files that package pdfclean writes, and leaves out what these never have: encryption, actions,
// annotations, forms to fill, attachments, layers. It holds the fonts' programs, in TrueType, CFF or Type 1, against the
// widths that the file states. What it does not know how to judge stands against the file, so that nothing is called PDF/A
// on a guess.
package archive
