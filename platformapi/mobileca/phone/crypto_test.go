package phone

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"

	"sealdesk/platformapi/mobileca/twoparty"
)

const pin = "135790"

// halves is the app's half of the protocol, run by Node.
type halves struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Scanner
}

func startHalves(t *testing.T) *halves {
	t.Helper()
	cmd := exec.Command(needNode(t), bundle(t, "test/halves.ts"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 4<<20)
	return &halves{t, in, scanner}
}

type message map[string]string

var errPhone = errors.New("the phone refuses")

func (h *halves) try(m message) (message, error) {
	h.t.Helper()
	line, err := json.Marshal(m)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.in.Write(append(line, '\n')); err != nil {
		h.t.Fatal(err)
	}
	if !h.out.Scan() {
		h.t.Fatalf("the phone is gone: %v", h.out.Err())
	}
	var answer message
	if err := json.Unmarshal(h.out.Bytes(), &answer); err != nil {
		h.t.Fatalf("%v\n%s", err, h.out.Text())
	}
	if answer["error"] != "" {
		return nil, fmt.Errorf("%w: %s", errPhone, answer["error"])
	}
	return answer, nil
}

func (h *halves) do(m message) message {
	h.t.Helper()
	answer, err := h.try(m)
	if err != nil {
		h.t.Fatalf("%s: %v", m["do"], err)
	}
	return answer
}

func (m message) bytes(t *testing.T, name string) []byte {
	t.Helper()
	b, err := hex.DecodeString(m[name])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSM3(t *testing.T) {
	h := startHalves(t)
	for n := range 200 {
		data := make([]byte, n*n%1500)
		_, _ = rand.Read(data)
		want := sm3.Sum(data)
		if got := h.do(message{"do": "sm3", "data": hex.EncodeToString(data)}).bytes(t, "data"); !bytes.Equal(got, want[:]) {
			t.Errorf("%d bytes: %x, want %x", len(data), got, want)
		}
	}
}

// The app's half and the service's make keys, sign, decrypt and change their shares with one another.
func TestHalvesFit(t *testing.T) {
	h := startHalves(t)
	scheme := twoparty.Shared{}
	c := twoparty.Context{Account: "13800000000", Session: "key"}
	ask := func(what, session string, data []byte) message {
		return message{"do": what, "account": c.Account, "session": session, "data": hex.EncodeToString(data), "pin": pin}
	}
	commitment := h.do(ask("begin key", c.Session, nil)).bytes(t, "data")
	pending, answer, err := scheme.BeginKey(c, commitment)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(answer)
	bad[100] ^= 1
	if _, err := h.try(ask("finish key", c.Session, bad)); !errors.Is(err, errPhone) {
		t.Error("the phone takes a service's part with a broken proof")
	}
	made := h.do(ask("finish key", c.Session, answer))
	share, err := scheme.FinishKey(c, pending, made.bytes(t, "data"))
	if err != nil {
		t.Fatal(err)
	}
	public, err := scheme.Public(share)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := sm2.NewPublicKey(made.bytes(t, "public")); err != nil || !public.Equal(other) {
		t.Fatalf("the halves disagree about the key: %v", err)
	}

	sign := func(session, message string) ([]byte, error) {
		begun := h.do(ask("begin sign", session, []byte(message)))
		e, err := sm2.CalculateSM2Hash(public, []byte(message), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(e, begun.bytes(t, "e")) {
			t.Fatal("the halves disagree about the digest")
		}
		answer, err := scheme.Sign(twoparty.Context{Account: c.Account, Session: session}, share, e, begun.bytes(t, "data"))
		if err != nil {
			return nil, err
		}
		signed := h.do(ask("finish sign", session, answer))
		if _, err := h.try(ask("finish sign", session, answer)); !errors.Is(err, errPhone) {
			t.Error("the phone's nonce answers twice")
		}
		return signed.bytes(t, "data"), nil
	}
	check := func(session string) {
		t.Helper()
		signature, err := sign(session, "合同 "+session)
		if err != nil {
			t.Fatal(err)
		}
		if !sm2.VerifyASN1WithSM2(public, nil, []byte("合同 "+session), signature) {
			t.Errorf("%s: the signature does not verify", session)
		}
	}
	for i := range 8 {
		check(fmt.Sprint("sign ", i))
	}

	// A greedy service.
	h.do(ask("begin sign", "greedy", []byte("x")))
	one := append(make([]byte, 31), 1)
	if _, err := h.try(ask("finish sign", "greedy", bytes.Join([][]byte{one, one, one}, nil))); !errors.Is(err, errPhone) {
		t.Error("the phone lets out what a greedy service asks for")
	}
	for name, answer := range map[string][]byte{"zero": make([]byte, 96), "empty": nil, "long": make([]byte, 97)} {
		h.do(ask("begin sign", "greedy", []byte("x")))
		if _, err := h.try(ask("finish sign", "greedy", answer)); !errors.Is(err, errPhone) {
			t.Errorf("the phone answers to %s", name)
		}
	}

	// Decryption.
	plain := []byte("0123456789abcdef and more than one block of SM3's derivation")
	ciphertext, err := sm2.Encrypt(rand.Reader, public, plain, sm2.NewPlainEncrypterOpts(sm2.MarshalUncompressed, sm2.C1C3C2))
	if err != nil {
		t.Fatal(err)
	}
	request := h.do(ask("begin decrypt", "decrypt", ciphertext)).bytes(t, "data")
	answer, err = scheme.Decrypt(twoparty.Context{Account: c.Account, Session: "decrypt"}, share, ciphertext[:65], request)
	if err != nil {
		t.Fatal(err)
	}
	if got := h.do(ask("finish decrypt", "decrypt", answer)).bytes(t, "data"); !bytes.Equal(got, plain) {
		t.Errorf("decrypted: %q", got)
	}
	h.do(ask("begin decrypt", "decrypt", ciphertext))
	if _, err := h.try(ask("finish decrypt", "decrypt", ciphertext[:65])); !errors.Is(err, errPhone) {
		t.Error("the phone takes another point for the answer")
	}
	off := bytes.Clone(ciphertext)
	off[64] ^= 1
	if _, err := h.try(ask("begin decrypt", "decrypt", off)); !errors.Is(err, errPhone) {
		t.Error("the phone asks for a point off the curve")
	}

	// New shares, the same key.
	c.Session = "reshare"
	pending, offer, err := scheme.BeginReshare(c, share)
	if err != nil {
		t.Fatal(err)
	}
	proof := h.do(ask("begin reshare", c.Session, offer)).bytes(t, "data")
	old := share
	if share, err = scheme.FinishReshare(c, share, pending, proof); err != nil {
		t.Fatal(err)
	}
	if _, err := sign("old phone", "x"); !errors.Is(err, twoparty.ErrPIN) {
		t.Errorf("the phone's old share signs: %v", err)
	}
	h.do(message{"do": "finish reshare"})
	check("new shares")
	if bytes.Equal(old, share) {
		t.Error("nothing changed")
	}

	// A new PIN; the old one then opens to some other share, and what is kept tells neither.
	h.do(message{"do": "change PIN", "pin": pin, "to": "246801"})
	if _, err := sign("old PIN", "x"); !errors.Is(err, twoparty.ErrPIN) {
		t.Errorf("the old PIN signs: %v", err)
	}
	kept := string(h.do(message{"do": "kept"}).bytes(t, "data"))
	for _, secret := range []string{pin, "246801", hex.EncodeToString(share[33:98])} {
		if strings.Contains(kept, secret) {
			t.Errorf("the phone keeps %s", secret)
		}
	}
}
