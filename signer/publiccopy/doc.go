// Package publiccopy makes the copy of a signed contract that the public may see (公示件). What must stay hidden is taken out
// for good: every page is drawn as a picture, what is to be hidden is painted over in the picture's own points, and a new file
// is made of the pictures alone. No text, no signature, no annotation and no earlier revision of the original is in it, so
// that nothing can be uncovered. Each page's foot says what the file is and names the original by its digest.
//
// What is hidden by itself is what people's and firms' numbers look like: bank accounts, telephone numbers, identity card
// numbers and mail addresses. Words, and whole pages, are hidden on demand. A page whose text cannot be read, such as a scan,
// is told of: there nothing is found, and a person has to look.
package publiccopy
