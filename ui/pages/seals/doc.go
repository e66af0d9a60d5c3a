// Package seals is the page 印章管理: the party's seals as pictures at true size, whose they are and until when. New ones are
// made, imported from a file, or read from the key; kept ones are chosen, renamed and removed.
package seals
