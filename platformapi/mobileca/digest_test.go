package mobileca

import (
	"crypto/rand"
	"testing"

	"github.com/emmansun/gmsm/sm2"
)

// What comes for a cipher is taken apart or refused; a point that is given out is on the curve.
func FuzzCipher(f *testing.F) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	cipher, err := sm2.EncryptASN1(rand.Reader, &key.PublicKey, []byte("bid"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cipher)
	f.Add(cipher[:len(cipher)-1])
	f.Add([]byte{0x30, 0x0a, 2, 1, 0xff, 2, 1, 0xff, 4, 0, 4, 0})
	f.Add([]byte{0x30, 0x0a, 2, 1, 0, 2, 1, 0, 4, 0, 4, 0})
	f.Fuzz(func(t *testing.T, cipher []byte) {
		point, err := firstPoint(cipher)
		if err != nil {
			return
		}
		if _, err := shared(point); err != nil {
			t.Errorf("%x: %v", point, err)
		}
	})
}
