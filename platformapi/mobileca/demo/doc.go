// Package demo stands in for the providers of a mobile CA where nothing is real: short messages are written to a console,
// and an identity is taken when its number is one that could be given out.
package demo
