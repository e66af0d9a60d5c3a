// Package profile holds what is known of the libraries that reach tokens, as data: where each product's library lies on each
// system, which numbers and encodings it uses for SM2, and where it departs from the standards.
//
// No standard gives SM2 a number in PKCS #11, so every vendor took its own; and GM/T 0016 leaves a private-key decryption
// out, so every vendor added one. A [Profile] says which. Profiles come from a [Table]: the entries that travel with the
// program, and the user's own, read from a file of the same form and checked strictly, for a profile decides what code is
// loaded. A library that no entry knows gets one made up of every known possibility ([Table.Unknown]); the drivers
// then use what the library offers and what verifies.
//
// The user's own file has the form of the table that travels with the program (assets/vendors):
//
//	{"version": 1, "profiles": [{
//	  "id": "our-key", "product": {"zh": "我们的密钥", "en": "Our key"}, "vendor": {"zh": "厂商", "en": "Vendor"},
//	  "interface": "pkcs11", "paths": {"linux": ["/opt/our/libkey.so"]}, "abilities": {"rsa": true, "sm2": true},
//	  "pkcs11": {"sm2": [{"keyType": "0x80000004", "sign": "0x80008104", "decrypt": "0x80008200", "ciphertext": "c1c3c2"}]}
//	}]}
//
// [Table.Discover] looks for libraries at the places that the table names and nowhere else, and tells where it looked.
package profile
