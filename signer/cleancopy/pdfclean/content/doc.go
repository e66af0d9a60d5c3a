// Package content reads the operators that draw a page, a form, a pattern's cell or a glyph (ISO 32000-1, 7.8.2 and
// annex A) and writes them anew without what cannot be seen: the contents of layers that are not shown, and text drawn
// in a rendering mode that draws nothing. Marks, comments, unknown operators and whatever else draws nothing is not
// written either, so that nothing can hide between the operators.
//
// What is written draws the same. Operators that only set the stage for others stay, since later ones build on them,
// unless all that they were set for is gone: a font that only invisible text used is not selected any more, and who
// copies the resources of a page learns from Result which of them are still asked for.
//
// Every stream is taken to be hostile: operators, operands and nesting are bounded, an error is a *pdf.Error.
package content
