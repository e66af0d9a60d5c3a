// Package docx takes everything out of a Word document that is not on its printed page, in the document's own XML.
//
// It starts from the main part and follows relationships: what is not reachable by a kind of arrow that draws
// something (styles, pictures, headers, notes, charts …) is not copied. In every part that is copied, tracked changes
// are accepted (ECMA-376 part 1, 17.13.5), comments and their ranges dropped, content controls and smart tags
// dissolved into what they show, hidden text removed, fields frozen at their last result except those that count
// pages, and every pointer to the outside cut. What was taken out is listed with its place and words.
//
// A change that is accepted leaves half of something behind now and then. A paragraph whose mark is deleted joins the next
// one, whose properties win; before a table or at the end it stays if it says anything, and where the format asks for a
// paragraph. The section that a deleted mark ended is gone, and leaves its headers to a next one that had none of its own; a
// hidden mark's section stays. A row or table goes with its last cell;
// deleted cells give their columns to the one before. A deleted control character of a formula leaves its arguments. A
// bookmark shrinks to what is left of it. Pictures, charts and headers that only removed words pointed to are not copied.
package docx
