// Package kind has the kinds of error that only hold others.
package kind
