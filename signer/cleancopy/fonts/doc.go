// Package fonts knows the fonts that Chinese offices write with, which of them are installed, what stands in for one
// that is not, and which fonts a PDF was drawn with in the end.
//
// The stand-ins are data (table.json): for each font the nearest in shape, and where there is one of the same widths,
// that one first. Names are compared without regard to case. Fonts are learned from fontconfig where there is one, else
// from the font files' own names (ISO/IEC 14496-22, name).
package fonts
