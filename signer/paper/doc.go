// Package paper writes plain A4 documents for people's files, such as the report
// on a verified file. A document is a column of titles, headings, paragraphs,
// facts and pictures that breaks into pages by itself; its foot can say which
// page it is.
//
// The characters are embedded as outlines (Type 3 fonts, ISO 32000-1, 9.6.5), only
// those that are used, with what they stand for, so that the text can be found
// and copied and no reader needs a Chinese font. The same content gives the same
// bytes.
package paper
