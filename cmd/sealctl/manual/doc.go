// Package manual writes what a command's grammar tells of itself: a page of the manual in the macros of man(7), and the
// completion of its words in bash, zsh and fish. Nothing is told twice: a verb or flag that is added stands in all of them.
package manual
