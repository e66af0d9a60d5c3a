package batch

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"testing"
)

// phoneKey is handed messages, and fails the second time.
type phoneKey struct {
	*ecdsa.PrivateKey
	shown []string
}

var errRefused = errors.New("refused on the phone")

func (k *phoneKey) SignMessage(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	if k.shown = append(k.shown, string(message)); len(k.shown) > 1 {
		return nil, errRefused
	}
	return []byte("signature"), nil
}

// A key that signs messages does so behind the gate too, one file at a time and no more after it failed.
func TestMessagesGoThroughTheGate(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := &phoneKey{PrivateKey: private}
	g := newGate(key)
	var errs []error
	for _, file := range []string{"first", "second", "third"} {
		one := &turn{gate: g, ctx: t.Context(), keep: func() bool { return true }}
		signer, ok := one.signer().(crypto.MessageSigner)
		if !ok {
			t.Fatal("the gate hides that the key signs messages")
		}
		_, err := signer.SignMessage(nil, []byte(file), crypto.SHA256)
		errs = append(errs, err)
	}
	if errs[0] != nil || !errors.Is(errs[1], errRefused) || !errors.Is(errs[2], errStopped) || len(key.shown) != 2 {
		t.Errorf("the key was shown %q, and the files got %v", key.shown, errs)
	}
	plain := newGate(private)
	if _, ok := (&turn{gate: plain, ctx: context.Background()}).signer().(crypto.MessageSigner); ok {
		t.Error("a key that signs digests is said to sign messages")
	}
}
