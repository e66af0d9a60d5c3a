// Package password keeps passwords as Argon2id hashes (RFC 9106, 4: 64 MiB, three passes, four lanes) and checks them, a
// few at a time, so that who tries many takes no more memory than that.
package password
