// Package soft keeps keys on the disk that behave as a USB key does: a signing
// and an encryption key with their certificates, private keys under a PIN, and a
// counter of tries that locks them for good. They are for tests, demonstrations
// and offices without a token.
//
// Each token is a folder:
//
//	token.json   label, serial number and certificates: public
//	sealed.json  the private keys under the PIN: Argon2id (RFC 9106) and XChaCha20-Poly1305
//	tries.json   the tries left
//	lock         what programs lock while a PIN is under way
//
// A try is taken off the counter, and the counter is on the disk, before the PIN
// is tried, so that a killed program gives no free try. The counter stops
// whoever sits at the screen. It does not stop one who copies the folder, whom
// only the PIN's length and the cost of Argon2id hold up: a software key is no
// hardware key. Damaged files are found out before a try is spent.
package soft
