// Package mobile makes a mobile CA that certifies with an authority of token/ca, which only a program may join, and the TLS
// that phones want of it where nobody has a certificate: a local authority, which the phone is told to trust once.
package mobile
