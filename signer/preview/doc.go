// Package preview shows a PDF document: its pages as pictures, its text and where
// words stand. It also flattens annotations and form fields for the clean copy.
//
// PDFium does the work inside a WebAssembly sandbox that has no file system, no
// network and bounded memory, so that a hostile document can harm neither the
// machine nor the window. Every call ends at its deadline: code that does not
// return is stopped, and the document is opened afresh for the next call. Nothing
// a document asks to be run is run: PDFium is built without JavaScript, and no
// open action is called.
//
// The bytes of a document are read once, hashed and then kept; what is shown is
// what the digest stands for. A document therefore has to fit into memory, see
// Options.MaxBytes. Signing has no such limit.
package preview
