// Package pdf reads the structure of PDF files (ISO 32000-2, clause 7) without
// loading them: objects are parsed where they lie, at an io.ReaderAt, and
// streams stay in the file.
//
// The package is made for signing and for judging signatures, so it differs
// from a viewer's reader in three ways. It never repairs: what the file's own
// cross-reference sections do not say is not found, and small deviations that
// have only one reading are told as Defects. It keeps apart the revisions of
// an incrementally updated file, and shows the file as it was at each of them.
// And it tells where in the file an object or a dictionary's value stands, to
// the byte.
//
// Every input is taken to be hostile: nesting, sizes, chains and the work
// spent are bounded, and a file beyond the bounds is refused with an Error.
package pdf
