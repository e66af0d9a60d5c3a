// Package pin asks for the PIN of the session's key, or, while the key is kept unlocked, whether to go on. Every page that signs
// asks in the same way: who wants the signature, for what, with whose certificate, and how many tries are left.
package pin
