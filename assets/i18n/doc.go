// Package i18n holds the program's words: one JSON file a language, a flat object from key to text. Texts are Go
// templates ({{.tries}}). Keys start with the page or the room they belong to; the sentences of an error are
// error.<code>.what (what happened, to what) and error.<code>.do (what to do next).
package i18n
