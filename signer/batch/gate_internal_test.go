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
		one, err := g.signer(t.Context(), file, func() bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		signer, ok := one.(crypto.MessageSigner)
		if !ok {
			t.Fatal("the gate hides that the key signs messages")
		}
		_, err = signer.SignMessage(nil, []byte(file), crypto.SHA256)
		errs = append(errs, err)
	}
	if errs[0] != nil || !errors.Is(errs[1], errRefused) || !errors.Is(errs[2], errStopped) || len(key.shown) != 2 {
		t.Errorf("the key was shown %q, and the files got %v", key.shown, errs)
	}
	off, err := newGate(private).signer(t.Context(), "file", func() bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := off.Sign(rand.Reader, make([]byte, 32), crypto.SHA256); !errors.Is(err, context.Canceled) {
		t.Errorf("a file of a batch that was called off: %v", err)
	}
	plain, err := newGate(private).signer(t.Context(), "file", nil)
	if _, ok := plain.(crypto.MessageSigner); ok || err != nil {
		t.Errorf("a key that signs digests is said to sign messages (%v)", err)
	}
}

// tellingKey gives a key that knows which file it signs.
type tellingKey struct {
	*phoneKey
	told []string
}

func (k *tellingKey) For(name string) (crypto.Signer, error) {
	if k.told = append(k.told, name); name == "gone" {
		return nil, errRefused
	}
	return k.phoneKey, nil
}

func TestTheKeyIsToldWhichFileItIs(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := &tellingKey{phoneKey: &phoneKey{PrivateKey: private}}
	g := newGate(key)
	one, err := g.signer(t.Context(), "合同.pdf", func() bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.(crypto.MessageSigner).SignMessage(nil, []byte("x"), crypto.SHA256); err != nil {
		t.Error(err)
	}
	if _, err := g.signer(t.Context(), "gone", nil); !errors.Is(err, errRefused) {
		t.Errorf("a key that is gone: %v", err)
	}
	if len(key.told) != 2 || key.told[0] != "合同.pdf" {
		t.Errorf("the key was told %q", key.told)
	}
}
