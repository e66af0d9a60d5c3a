// Package sysfont finds, among the fonts that are installed on a computer, one that has a rare character of a name. It reads the
// folders of the system itself: no other program is asked, and a font is opened only as far as its table of characters. Nothing
// is looked for before a character is missing.
package sysfont
