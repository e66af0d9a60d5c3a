// Package token is the vocabulary of keys that sign: a [Driver] finds tokens
// (USB keys, phones, software keys), a [Token] is unlocked with a PIN and
// lists identities, and an [Identity] is a certificate whose private key yields
// a crypto.Signer and, where the key may, a crypto.Decrypter.
//
// What has to hold for every kind of token is done here once, above the
// drivers, by [Guard]; each driver returns itself guarded, so that callers only
// ever meet the checked thing:
//
//   - every call ends when its context does, or at a limit of its own, even
//     when the vendor's library never returns;
//   - a PIN is wiped after use, is never tried twice, and no two PINs are ever
//     under way to one token at the same moment;
//   - the last try needs the person's consent ([ConfirmLastTry]); a locked token
//     is left alone: no call goes to the driver;
//   - every signature is verified with the certificate's public key before it is
//     returned, so that the certificate that was chosen is the one that signed.
//
// A Signer's Sign is always handed a digest, never a message; [NewDigest] gives
// the hash that suits a public key, and for SM2 that is e = SM3(Z‖M) with the user
// identifier "1234567812345678" (GB/T 32918.2-2016, 5.5). A key that signs only
// what it can show to its owner is a crypto.MessageSigner, too, and is handed
// messages; [SignMessage] signs with either.
package token
