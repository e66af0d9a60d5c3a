// Package dss reads the document security store of a PDF (ISO 32000-2, 12.8.4.3): the
// certificates, OCSP answers and revocation lists by which its signatures can be judged
// when nobody can be asked any more.
//
// Nothing in a store is believed for being there: whoever uses an answer judges it, with
// package revocation. A store is as large as whoever appended to the file liked, so that
// only so much of it is read; what is left out is told.
package dss
