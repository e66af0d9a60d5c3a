// Package vault keeps what lies on this machine from other eyes: short texts and files of any length, encrypted with
// AES-256-GCM (NIST SP 800-38D) under a key that lies, itself encrypted, in the folder, and that only a second key in the
// person's keyring opens. Files are encrypted in chunks of 64 KiB, each authenticated together with its place and with
// whether it is the last one, so that memory stays flat and nothing can be changed, moved or cut off unseen. Where there is
// no keyring the second key lies in a file beside it (mode 0600): that keeps a copy of the other files closed, and nothing
// more.
package vault
