// Package sigkey asks a key to sign a message, in the one way that suits the key: keys that sign nothing they cannot show,
// such as those of a phone, are handed the message (crypto.MessageSigner), all others its digest.
package sigkey
