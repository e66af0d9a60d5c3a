// Package sigform knows the forms of signatures that PDF files carry: which
// /Filter and /SubFilter of the signature dictionary (ISO 32000-2, table 255) go
// with which kind of value. ISO 32000 names those of Adobe and ETSI; those with the Chinese
// algorithms are what each vendor chose. They are data, so that a platform's
// profile can add its own or change ours: whoever signs takes a form from the
// table, whoever judges finds in it what a SubFilter means.
//
// A Scope is the text by which a signature of an electronic seal names the field
// and the bytes that it is for.
package sigform
