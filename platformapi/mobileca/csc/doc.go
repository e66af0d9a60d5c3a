// Package csc is the mobile CA for clients of the Cloud Signature Consortium's API (CSC API v2.0.0.2): auth/login with a number
// and its password, the signing certificates as credentials, and signatures of digests that the person approves on the
// phone, one at a time. For SM2 the hash that is sent is e = SM3(Z || M) (GB/T 32918.2, 6.1), which the caller makes.
//
// The person cannot be shown what a digest is of. Such a request says so on the phone, and is never part of a session.
package csc
