// Package compare tells how two PDF documents differ, so that a person sees at
// once what was changed between a contract that was sent and the one that came
// back.
//
// Words are compared as one sequence over all pages (align.go), Chinese by the
// character, so that a page put in or a paragraph that pushes text on leaves the
// rest alike. Pages are then paired by what they share (pages.go), and each pair is
// compared by its look (look.go): the same words must look the same where they
// stand now, and what is no text must be there in both. A text layer that says one
// thing and a page that shows another are thus found, and so are pages that are
// scans. Words that went to another page are compared as words alone, and the values
// of form fields by what they show.
//
// Seals stand apart: what the widget of a signature shows is told as a seal that was
// added, removed or changed, and the page under it is compared without it.
//
// Documents are hostile: words, differences and the work are bounded, and two
// documents beyond the bounds are told to be too different, which is an outcome and
// no error. Memory grows with the number of words, one pair of pages is drawn at a
// time.
package compare
