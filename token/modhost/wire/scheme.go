package wire

import (
	"crypto"
	"crypto/rsa"

	"sealdesk/token"
)

// SignScheme writes the options of a crypto.Signer.
func SignScheme(pub crypto.PublicKey, opts crypto.SignerOpts) Scheme {
	s := Scheme{Hash: uint64(opts.HashFunc())}
	if _, ok := pub.(*rsa.PublicKey); ok {
		s.Padding = PaddingPKCS1v15
	}
	if o, ok := opts.(*rsa.PSSOptions); ok {
		s.Padding, s.Salt = PaddingPSS, o.SaltLength
	}
	return s
}

// SignerOpts reads what SignScheme wrote.
func (s Scheme) SignerOpts() crypto.SignerOpts {
	if s.Padding == PaddingPSS {
		return &rsa.PSSOptions{SaltLength: s.Salt, Hash: crypto.Hash(s.Hash)}
	}
	return crypto.Hash(s.Hash)
}

// DecryptScheme writes the options of a crypto.Decrypter. ErrNotSupported for others than those of package token.
func DecryptScheme(opts crypto.DecrypterOpts) (Scheme, error) {
	switch o := opts.(type) {
	case nil:
		return Scheme{}, nil
	//lint:ignore SA1019 what others wrapped in the old way must open too
	case *rsa.PKCS1v15DecryptOptions:
		if o.SessionKeyLen != 0 {
			return Scheme{}, token.ErrNotSupported
		}
		return Scheme{Padding: PaddingPKCS1v15}, nil
	case *rsa.OAEPOptions:
		return Scheme{Padding: PaddingOAEP, Hash: uint64(o.Hash), MGF: uint64(o.MGFHash), Label: o.Label}, nil
	}
	return Scheme{}, token.ErrNotSupported
}

// DecrypterOpts reads what DecryptScheme wrote.
func (s Scheme) DecrypterOpts() crypto.DecrypterOpts {
	switch s.Padding {
	case PaddingPKCS1v15:
		//lint:ignore SA1019 what others wrapped in the old way must open too
		return &rsa.PKCS1v15DecryptOptions{}
	case PaddingOAEP:
		return &rsa.OAEPOptions{Hash: crypto.Hash(s.Hash), MGFHash: crypto.Hash(s.MGF), Label: s.Label}
	}
	return nil
}
