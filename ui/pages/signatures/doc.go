// Package signatures shows what the judge of a PDF says, in words for people: the verdict in one sentence, and each
// signature with who, when, by which clock, with what, what it covers, and what was found.
package signatures
