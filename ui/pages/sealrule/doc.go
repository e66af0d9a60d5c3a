// Package sealrule is the fields with which a person chooses one seal, and one rule for its place, for many files: by words, at
// a position, or over the edges.
package sealrule
