// Package anchors finds the certificates to which chains are to lead: in a file that a person names, in a folder where a person
// or an administrator puts them, and in the system's own store. The system's are there for TLS first of all; whether they are believed for
// documents too is the choice of whoever asks.
package anchors
