package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"io"

	"sealdesk/token"
	"sealdesk/token/pkcs11/cryptoki"
	"sealdesk/token/profile"
	"sealdesk/token/sm2form"
)

// canDecrypt says before any data is encrypted to the key whether the token offers a way to decrypt it.
func (k *key) canDecrypt() error {
	return k.use(func(p *privateKey) error {
		if _, ok := k.Public().(*rsa.PublicKey); ok {
			if k.login.mechanisms[cryptoki.CKM_RSA_PKCS] || k.login.mechanisms[cryptoki.CKM_RSA_PKCS_OAEP] {
				return nil
			}
			return token.ErrNotSupported
		}
		for range k.waysToDecryptSM2(p) {
			return nil
		}
		return token.ErrNotSupported
	})
}

// waysToDecryptSM2 lists the ways of the profile that the token offers for this kind of key.
func (k *key) waysToDecryptSM2(p *privateKey) []profile.SM2 {
	var ways []profile.SM2
	for _, way := range k.id.token.d.profile.SM2 {
		if p.hasType && p.keyType != uint(way.KeyType) {
			continue
		}
		if way.Decrypt != 0 && k.login.mechanisms[uint(way.Decrypt)] || way.Agree && k.login.mechanisms[cryptoki.CKM_ECDH1_DERIVE] {
			ways = append(ways, way)
		}
	}
	return ways
}

func (k *key) Decrypt(_ io.Reader, msg []byte, opts crypto.DecrypterOpts) (plain []byte, err error) {
	err = k.use(func(p *privateKey) error {
		switch k.Public().(type) {
		case *rsa.PublicKey:
			plain, err = k.decryptRSA(p, msg, opts)
		case *ecdsa.PublicKey:
			plain, err = k.decryptSM2(p, msg)
		default:
			err = token.ErrNotSupported
		}
		return err
	})
	return plain, err
}

func (k *key) decryptRSA(p *privateKey, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	switch o := opts.(type) {
	//lint:ignore SA1019 what others wrapped in the old way must open too
	case nil, *rsa.PKCS1v15DecryptOptions:
		return k.decrypt(p, cryptoki.Mechanism{Type: cryptoki.CKM_RSA_PKCS}, msg)
	case *rsa.OAEPOptions:
		mask := o.MGFHash
		if mask == 0 {
			mask = o.Hash
		}
		hash, ok := hashes[o.Hash]
		mgf, known := hashes[mask]
		if !ok || !known || !k.login.mechanisms[cryptoki.CKM_RSA_PKCS_OAEP] {
			return nil, token.ErrNotSupported
		}
		return k.decrypt(p, cryptoki.OAEP(hash.mechanism, mgf.mgf, o.Label), msg)
	}
	return nil, token.ErrNotSupported
}

// decryptSM2 tries the ways of the profile one after the other: a token that is handed the wrong form refuses it, for the
// ciphertext holds a hash.
func (k *key) decryptSM2(p *privateKey, msg []byte) ([]byte, error) {
	c, err := sm2form.ParseDERCiphertext(msg)
	if err != nil {
		return nil, token.ErrDecrypt
	}
	failed := error(token.ErrNotSupported)
	for _, way := range k.waysToDecryptSM2(p) {
		var plain []byte
		switch way.Ciphertext {
		case profile.CiphertextDER:
			plain, err = k.decrypt(p, cryptoki.Mechanism{Type: uint(way.Decrypt)}, c.DER())
		case profile.CiphertextC1C3C2:
			plain, err = k.decrypt(p, cryptoki.Mechanism{Type: uint(way.Decrypt)}, c.C1C3C2())
		case profile.CiphertextC1C2C3:
			plain, err = k.decrypt(p, cryptoki.Mechanism{Type: uint(way.Decrypt)}, c.C1C2C3())
		default:
			plain, err = k.agree(p, c)
		}
		if err == nil && len(plain) == len(c.Cipher) {
			return plain, nil
		}
		token.Wipe(plain)
		if err != nil && isFinal(err) {
			return nil, err
		}
		failed = token.ErrDecrypt
	}
	return nil, failed
}

// decrypt is one decryption. Why it failed is not told, lest someone learn from the difference.
func (k *key) decrypt(p *privateKey, m cryptoki.Mechanism, data []byte) ([]byte, error) {
	s := k.id.token.session
	if err := k.begin(p, func() error { return s.DecryptInit(m, p.handle) }); err != nil {
		if isFinal(err) {
			return nil, err
		}
		return nil, token.ErrNotSupported
	}
	plain, err := s.Decrypt(data)
	if err = outcome(err); err != nil && !isFinal(err) {
		return nil, token.ErrDecrypt
	}
	return plain, err
}
