// Package profile holds what is known of the libraries that reach tokens, as data: where each product's library lies on each
// system, which numbers and encodings it uses for SM2, and where it departs from the standards.
//
// No standard gives SM2 a number in PKCS #11, so every vendor took its own; and GM/T 0016 leaves a private-key decryption
// out, so every vendor added one. A [Profile] says which. Profiles come from a [Table]: the entries that travel with the
// program, and the user's own, read from a file of the same form and checked strictly, for a profile decides what code is
// loaded. A library that no entry knows gets one made up of every known possibility ([Table.Unknown]); the drivers
// then use what the library offers and what verifies.
//
// [Table.Discover] looks for libraries at the places that the table names and nowhere else, and tells where it looked.
package profile
