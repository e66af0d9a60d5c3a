package sigkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"fmt"

	"github.com/emmansun/gmsm/sm2"
)

// Sign calls the key once. hash is the message's; 0 stands for SM2's e = SM3(Z‖M) with the default user identifier
// (GB/T 32918.2-2016, 5.5 and 6.1). RSA signs by PKCS #1 v1.5. Errors of the key are returned as they are.
func Sign(key crypto.Signer, message []byte, hash crypto.Hash) ([]byte, error) {
	if _, takes := key.(crypto.MessageSigner); !takes && hash == 0 {
		pub, ok := key.Public().(*ecdsa.PublicKey)
		if !ok {
			return nil, fmt.Errorf("sigkey: no SM2 key: %T", key.Public())
		}
		e, err := sm2.CalculateSM2Hash(pub, message, nil)
		if err != nil {
			return nil, fmt.Errorf("sigkey: SM2 digest: %w", err)
		}
		message = e // what crypto.SignMessage hands on without a hash
	}
	return crypto.SignMessage(key, rand.Reader, message, hash)
}
