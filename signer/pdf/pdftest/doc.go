// Package pdftest writes small PDF files for tests, object by object, in either
// form of cross-reference section.
package pdftest
