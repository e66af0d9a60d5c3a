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
		for _, o := range p.candidates {
			if len(k.waysToDecryptSM2(o)) > 0 {
				return nil
			}
		}
		return token.ErrNotSupported
	})
}

// waysToDecryptSM2 lists the ways of the profile that the token offers for this kind of key.
func (k *key) waysToDecryptSM2(o object) []profile.SM2 {
	var ways []profile.SM2
	for _, way := range k.id.token.d.profile.SM2 {
		if o.hasType && o.keyType != uint(way.KeyType) {
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
			plain, err = k.decryptRSA(p.candidates[0], msg, opts)
		case *ecdsa.PublicKey:
			plain, err = k.decryptSM2(p, msg)
		default:
			err = token.ErrNotSupported
		}
		return err
	})
	return plain, err
}

func (k *key) decryptRSA(o object, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	switch p := opts.(type) {
	//lint:ignore SA1019 what others wrapped in the old way must open too
	case nil, *rsa.PKCS1v15DecryptOptions:
		return k.decrypt(o, cryptoki.Mechanism{Type: cryptoki.CKM_RSA_PKCS}, msg)
	case *rsa.OAEPOptions:
		mask := p.MGFHash
		if mask == 0 {
			mask = p.Hash
		}
		hash, ok := hashes[p.Hash]
		mgf, known := hashes[mask]
		if !ok || !known || !k.login.mechanisms[cryptoki.CKM_RSA_PKCS_OAEP] {
			return nil, token.ErrNotSupported
		}
		return k.decrypt(o, cryptoki.OAEP(hash.mechanism, mgf.mgf, p.Label), msg)
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
	for _, o := range p.candidates {
		for _, way := range k.waysToDecryptSM2(o) {
			plain, err := k.decryptSM2With(o, way, c)
			if err == nil && len(plain) == len(c.Cipher) {
				p.candidates = []object{o}
				return plain, nil
			}
			token.Wipe(plain)
			if err != nil && isFinal(err) {
				return nil, err
			}
			failed = token.ErrDecrypt
		}
	}
	return nil, failed
}

func (k *key) decryptSM2With(o object, way profile.SM2, c sm2form.Ciphertext) ([]byte, error) {
	m := cryptoki.Mechanism{Type: uint(way.Decrypt)}
	switch way.Ciphertext {
	case profile.CiphertextDER:
		return k.decrypt(o, m, c.DER())
	case profile.CiphertextC1C3C2:
		return k.decrypt(o, m, c.C1C3C2())
	case profile.CiphertextC1C2C3:
		return k.decrypt(o, m, c.C1C2C3())
	}
	return k.agree(o, c)
}

// decrypt is one decryption. Why it failed is not told, lest someone learn from the difference.
func (k *key) decrypt(o object, m cryptoki.Mechanism, data []byte) ([]byte, error) {
	t := k.id.token
	if err := k.begin(o, func() error { return t.session.DecryptInit(m, o.handle) }); err != nil {
		if isFinal(err) {
			return nil, err
		}
		return nil, token.ErrNotSupported
	}
	plain, err := t.session.Decrypt(data)
	if err = outcome(err); err != nil && !isFinal(err) {
		return nil, token.ErrDecrypt
	}
	return plain, err
}
