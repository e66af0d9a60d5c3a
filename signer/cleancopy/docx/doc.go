// Package docx takes everything out of a Word document that is not on its printed page, in the document's own XML.
//
// It starts from the main part and follows relationships: what is not reachable by a kind of arrow that draws
// something (styles, pictures, headers, notes, charts …) is not copied. In every part that is copied, tracked changes
// are accepted (ECMA-376 part 1, 17.13.5), comments and their ranges dropped, content controls and smart tags
// dissolved into what they show, hidden text removed, fields frozen at their last result except those that count
// pages, and every pointer to the outside cut. What was taken out is listed with its place and words.
package docx
