// Package sm2form changes SM2 values between the forms in which keys, libraries and documents carry them. Signatures are r‖s
// of 64 bytes, DER (GB/T 35276, GM/T 0009) or the ECCSIGNATUREBLOB of GM/T 0016; ciphertexts are DER, C1‖C3‖C2 (GB/T 32918.4),
// the older C1‖C2‖C3 or the ECCCIPHERBLOB; public keys and wrapped private keys are the ECCPUBLICKEYBLOB and the
// ENVELOPEDKEYBLOB. Structures of GM/T 0016 are packed and little endian, and their numbers of 64 bytes hold a value of 32
// bytes at the right.
//
// What comes in may be a stranger's: each form is read strictly, to its last byte, and points are checked to lie on the
// curve. Nothing here verifies a signature or decrypts with a token's key.
package sm2form
