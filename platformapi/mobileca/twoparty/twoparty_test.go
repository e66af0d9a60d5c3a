package twoparty_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"encoding/pem"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/mobileca/twoparty/twopartytest"
)

const (
	pin    = "135790"
	rounds = 10
)

var scheme twoparty.Scheme = twoparty.Shared{}

// pair is a key with both its halves.
type pair struct {
	phone *twopartytest.Phone
	share []byte
}

func context(session string) twoparty.Context {
	return twoparty.Context{Account: "13800000000", Session: session}
}

func newPair(t *testing.T) pair {
	t.Helper()
	c := context("new key")
	creation, commitment := twopartytest.Begin(c)
	pending, answer, err := scheme.BeginKey(c, commitment)
	if err != nil {
		t.Fatal(err)
	}
	phone, opening, err := creation.Finish(answer, pin, rounds)
	if err != nil {
		t.Fatal(err)
	}
	share, err := scheme.FinishKey(c, pending, opening)
	if err != nil {
		t.Fatal(err)
	}
	return pair{phone, share}
}

func (p pair) digest(t *testing.T, message []byte) []byte {
	t.Helper()
	e, err := sm2.CalculateSM2Hash(p.phone.Public(), message, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (p pair) sign(t *testing.T, session string, e []byte, pin string) ([]byte, error) {
	t.Helper()
	c := context(session)
	signing, request := p.phone.Sign(c, e, pin)
	answer, err := scheme.Sign(c, p.share, e, request)
	if err != nil {
		return nil, err
	}
	return signing.Finish(answer)
}

func TestBothSidesHaveTheSameKey(t *testing.T) {
	p := newPair(t)
	public, err := scheme.Public(p.share)
	if err != nil {
		t.Fatal(err)
	}
	if !public.Equal(p.phone.Public()) {
		t.Error("the halves disagree about the key")
	}
	if newPair(t).phone.Public().Equal(public) {
		t.Error("two keys are the same")
	}
}

// Whoever verifies sees an ordinary signature: gmsm's verifier and OpenSSL's.
func TestSignaturesAreOrdinary(t *testing.T) {
	message := []byte("清稿并加盖印章")
	for i := range 20 {
		p := newPair(t)
		signature, err := p.sign(t, fmt.Sprint("sign ", i), p.digest(t, message), pin)
		if err != nil {
			t.Fatal(err)
		}
		if !sm2.VerifyASN1WithSM2(p.phone.Public(), nil, message, signature) {
			t.Fatal("gmsm does not take the signature")
		}
		if sm2.VerifyASN1WithSM2(p.phone.Public(), nil, []byte("清稿并加盖印鉴"), signature) {
			t.Fatal("the signature holds for another message")
		}
		if i == 0 {
			openssl(t, p, message, signature)
		}
	}
}

func openssl(t *testing.T, p pair, message, signature []byte) {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatal("openssl is missing (packaging/deps.sh test)")
	}
	der, err := smx509.MarshalPKIXPublicKey(p.phone.Public())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"key.pem":   pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"message":   message,
		"signature": signature,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-digest", "sm3",
		"-in", "message", "-sigfile", "signature", "-pkeyopt", "distid:1234567812345678")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("openssl does not take the signature: %v\n%s", err, out)
	}
}

// What was encrypted by gmsm to the shared key comes out plain.
func TestDecryption(t *testing.T) {
	for i := range 10 {
		p := newPair(t)
		plain := []byte(fmt.Sprint("SM4 key ", i))
		ciphertext, err := sm2.Encrypt(rand.Reader, p.phone.Public(), plain, sm2.NewPlainEncrypterOpts(sm2.MarshalUncompressed, sm2.C1C3C2))
		if err != nil {
			t.Fatal(err)
		}
		c := context(fmt.Sprint("decrypt ", i))
		decryption, request, err := p.phone.Decrypt(c, ciphertext, pin)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := scheme.Decrypt(c, p.share, ciphertext[:65], request)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decryption.Finish(answer)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%q, %v", got, err)
		}
		// What does not come out as it went in stays in the phone: a service that answers with another point.
		for name, bad := range map[string][]byte{"another point": p.phoneNonce(t), "the ciphertext's own": ciphertext[:65], "nothing": nil} {
			again, _, err := p.phone.Decrypt(c, ciphertext, pin)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := again.Finish(bad); !errors.Is(err, twopartytest.ErrAnswer) || got != nil {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		if _, err := scheme.Decrypt(context("another"), p.share, ciphertext[:65], request); !errors.Is(err, twoparty.ErrPIN) {
			t.Errorf("a request of another session is answered: %v", err)
		}
		_, request, _ = p.phone.Decrypt(c, ciphertext, "000000")
		if _, err := scheme.Decrypt(c, p.share, ciphertext[:65], request); !errors.Is(err, twoparty.ErrPIN) {
			t.Errorf("a wrong PIN decrypts: %v", err)
		}
		off := bytes.Clone(ciphertext[:65])
		off[64] ^= 1
		if _, err := scheme.Decrypt(c, p.share, off, request); !errors.Is(err, twoparty.ErrMessage) {
			t.Errorf("a point off the curve: %v", err)
		}
	}
}

func (p pair) phoneNonce(t *testing.T) []byte {
	t.Helper()
	_, request := p.phone.Sign(context("point"), make([]byte, 32), pin)
	return request[:65]
}

func TestReshare(t *testing.T) {
	old := newPair(t)
	c := context("reshare")
	pending, offer, err := scheme.BeginReshare(c, old.share)
	if err != nil {
		t.Fatal(err)
	}
	_, wrong, err := old.phone.Reshare(c, offer, "000000")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scheme.FinishReshare(c, old.share, pending, wrong); !errors.Is(err, twoparty.ErrPIN) {
		t.Errorf("a wrong PIN reshares: %v", err)
	}
	phone, proof, err := old.phone.Reshare(c, offer, pin)
	if err != nil {
		t.Fatal(err)
	}
	share, err := scheme.FinishReshare(c, old.share, pending, proof)
	if err != nil {
		t.Fatal(err)
	}
	next := pair{phone, share}
	if !next.phone.Public().Equal(old.phone.Public()) {
		t.Error("the key changed")
	}
	message := []byte("after")
	e := next.digest(t, message)
	signature, err := next.sign(t, "after", e, pin)
	if err != nil || !sm2.VerifyASN1WithSM2(next.phone.Public(), nil, message, signature) {
		t.Errorf("the new shares do not sign: %v", err)
	}
	if _, err := (pair{old.phone, share}).sign(t, "old phone", e, pin); !errors.Is(err, twoparty.ErrPIN) {
		t.Errorf("the old phone still signs: %v", err)
	}
	if _, err := (pair{phone, old.share}).sign(t, "old service", e, pin); !errors.Is(err, twoparty.ErrPIN) {
		t.Errorf("the old service share still signs: %v", err)
	}
}

func TestChangedPIN(t *testing.T) {
	p := newPair(t)
	e := p.digest(t, []byte("PIN"))
	changed := pair{p.phone.ChangePIN(pin, "246801"), p.share}
	if _, err := changed.sign(t, "new PIN", e, "246801"); err != nil {
		t.Error(err)
	}
	if _, err := changed.sign(t, "old PIN", e, pin); !errors.Is(err, twoparty.ErrPIN) {
		t.Errorf("the old PIN: %v", err)
	}
	// From the wrong old PIN comes a share that never works, which is why the service is asked first.
	if _, err := (pair{p.phone.ChangePIN("000000", "246801"), p.share}).sign(t, "wrong old PIN", e, "246801"); !errors.Is(err, twoparty.ErrPIN) {
		t.Errorf("from a wrong PIN: %v", err)
	}
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add(make([]byte, 32), make([]byte, 65+97))
	f.Add(make([]byte, 32), make([]byte, 65+2*97))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		c := context("fuzz")
		_, _, _ = scheme.BeginKey(c, a)
		_, _ = scheme.FinishKey(c, a, b)
		_, _ = scheme.Sign(c, a, b, b)
		_, _ = scheme.Decrypt(c, a, b, b)
		_, _ = scheme.FinishReshare(c, a, b, b)
		for _, e := range []error{twoparty.ErrMessage, twoparty.ErrPIN, twoparty.ErrShare} {
			if _, err := scheme.Public(a); err != nil && !errors.Is(err, twoparty.ErrShare) && errors.Is(err, e) {
				t.Error(err)
			}
		}
	})
}

func BenchmarkSign(b *testing.B) {
	t := &testing.T{}
	p := newPair(t)
	e := p.digest(t, []byte("benchmark"))
	b.Run("both halves", func(b *testing.B) {
		for i := range b.N {
			if _, err := p.sign(t, fmt.Sprint(i), e, pin); err != nil {
				b.Fatal(err)
			}
		}
	})
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("one key", func(b *testing.B) {
		for range b.N {
			if _, err := key.Sign(rand.Reader, e, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// order is n, for tests that bring scalars out of range.
var order, _ = new(big.Int).SetString("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123", 16)
