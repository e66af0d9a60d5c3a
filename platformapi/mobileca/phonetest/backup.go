package phonetest

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
)

// The backup of a share is AES-256-GCM under the hash of the recovery code, which has 80 bits or more.

func backupKey(code []byte) cipher.AEAD {
	block, err := aes.NewCipher(hash(append([]byte("SealDesk backup of a test's phone"), code...)))
	if err != nil {
		panic(err) // only for keys of another length
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // only for ciphers of another block
	}
	return aead
}

func sealBackup(code, kept []byte) []byte {
	aead := backupKey(code)
	nonce := random(aead.NonceSize())
	return aead.Seal(nonce, nonce, kept, nil)
}

func openBackup(code, sealed []byte) ([]byte, error) {
	aead := backupKey(code)
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("phonetest: a backup is cut off")
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
}
