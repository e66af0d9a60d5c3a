// Package words turns keys and errors into sentences of the person's language. It is the one place where an error
// becomes words: what happened and to what, what to do next, and a code to read to the hot line.
package words
