package wire

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"sealdesk/token"
)

var requests = []*Request{
	{Op: OpTokens},
	{Op: OpOpen, Number: Version, Text: "/usr/lib/libkey.so", Kind: "skf", Data: []byte(`{"id":"x"}`)},
	{Op: OpUnlock, Token: "pkcs11:token=buyer", LastTry: true, PIN: []byte("12345678")},
	{Op: OpChangePIN, Token: "pkcs11:token=buyer", PIN: []byte("12345678"), NewPIN: []byte("87654321")},
	{
		Op: OpSign, Token: "skf:token=采购人", Identity: "ab01", Hash: bytes.Repeat([]byte{7}, 32), Number: 9, Data: []byte("digest"),
		Scheme: Scheme{Padding: PaddingPSS, Hash: 5, MGF: 5, Salt: -1, Label: []byte("l")},
	},
	{Op: OpStore, Usage: token.UsageEncrypt, List: [][]byte{[]byte("one"), []byte("two")}},
}

var replies = []*Reply{
	{},
	{Err: token.ErrRemoved},
	{Err: token.ErrNoData},
	{Err: &token.PINWrongError{Tries: 3}},
	{Err: &token.PINWrongError{Tries: -1}},
	{Err: &token.PINLengthError{Min: 4, Max: 8}},
	{Err: &Error{"token.library_failed", "it failed", map[string]any{"function": "C_Sign", "number": 5}, nil}},
	{Err: &Error{"token.own", "it is not there", nil, token.ErrNotSupported}},
	{Tokens: []Token{{
		Info: token.Info{URI: "pkcs11:token=a", Label: "a", PIN: token.PINState{Tries: -1, Max: 6, Low: true}}, TakesKeys: true,
	}}},
	{Identities: []Identity{{
		ID: "1", Certificate: []byte("c"), Chain: [][]byte{[]byte("d")}, Usage: token.UsageSign, HasKey: true, Container: "k",
	}}},
	{Objects: []token.DataObject{{Name: "seal", Size: 17_000}, {Name: "secret", Size: -1, Locked: true}}},
	{Number: 1 << 60, Text: "id", Data: []byte("signature")},
}

func TestRoundTrip(t *testing.T) {
	for _, q := range requests {
		var pipe bytes.Buffer
		if err := WriteRequest(&pipe, q); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadRequest(&pipe); err != nil || !reflect.DeepEqual(got, q) {
			t.Errorf("got %+v, %v, want %+v", got, err, q)
		}
	}
	for _, p := range replies {
		var pipe bytes.Buffer
		if err := WriteReply(&pipe, p); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadReply(&pipe); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("got %+v, %v, want %+v", got, err, p)
		}
	}
}

// An error without a code gets one; a wrapped one keeps its own.
func TestErrorsKeepTheirMeaning(t *testing.T) {
	for _, tt := range []struct {
		sent error
		code string
		is   error
	}{
		{errors.New("anything"), CodeFailed, nil},
		{errors.Join(errors.New("more"), token.ErrPINLocked), "token.pin_locked", token.ErrPINLocked},
		{fmt.Errorf("%w: %w", token.NewError("token.own", "a driver's own"), token.ErrNotSupported), "token.own", token.ErrNotSupported},
	} {
		var pipe bytes.Buffer
		if err := WriteReply(&pipe, &Reply{Err: tt.sent}); err != nil {
			t.Fatal(err)
		}
		got, err := ReadReply(&pipe)
		if err != nil {
			t.Fatal(err)
		}
		var coded interface{ Code() string }
		if !errors.As(got.Err, &coded) || coded.Code() != tt.code {
			t.Errorf("%v arrived as %v", tt.sent, got.Err)
		}
		for _, v := range values {
			if errors.Is(got.Err, v) != (v == tt.is) {
				t.Errorf("%v arrived as %v, which is %v: %t", tt.sent, got.Err, v, errors.Is(got.Err, v))
			}
		}
	}
}

// keeper keeps what it is handed, as a pipe does not.
type keeper struct{ b []byte }

func (k *keeper) Write(b []byte) (int, error) {
	k.b = b
	return len(b), nil
}

func TestPINIsWipedAfterSending(t *testing.T) {
	var k keeper
	q := &Request{Op: OpUnlock, PIN: []byte("12345678")}
	if err := WriteRequest(&k, q); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(k.b, make([]byte, len(k.b))) {
		t.Error("the message was left in memory")
	}
}

func TestBadMessages(t *testing.T) {
	good := encoded(t, requests[4])
	tests := map[string][]byte{
		"too long":       binary.BigEndian.AppendUint32(nil, maxMessage+1),
		"cut off":        good[:len(good)-1],
		"no operation":   append([]byte{0, 0, 0, 8}, make([]byte, 8)...),
		"something more": append(binary.BigEndian.AppendUint32(nil, uint32(len(good)-3)), append(good[4:], 0)...),
	}
	for name, b := range tests {
		if q, err := ReadRequest(bytes.NewReader(b)); err == nil {
			t.Errorf("%s: read as %+v", name, q)
		}
		if p, err := ReadReply(bytes.NewReader(b)); err == nil {
			t.Errorf("%s: read as %+v", name, p)
		}
	}
	for name, q := range map[string]*Request{
		"no such use":                 {Op: OpNewKey, Usage: 1 << 40},
		"no padding":                  {Op: OpSign, Scheme: Scheme{Padding: paddingEnd}},
		"no operation":                {Op: opEnd},
		"a salt too long":             {Op: OpSign, Scheme: Scheme{Salt: 1 << 40}},
		"a salt of less than nothing": {Op: OpSign, Scheme: Scheme{Salt: -2}},
		"a long name":                 {Op: OpInfo, Token: strings.Repeat("a", maxText+1)},
		"a long PIN":                  {Op: OpUnlock, PIN: make([]byte, MaxPIN+1)},
		"a long message":              {Op: OpSign, Data: make([]byte, maxData+1)},
		"a long list":                 {Op: OpStore, List: make([][]byte, maxList+1)},
	} {
		if got, err := ReadRequest(bytes.NewReader(encoded(t, q))); err == nil {
			t.Errorf("%s: read as a request for %d", name, got.Op)
		}
	}
	if _, err := ReadRequest(bytes.NewReader(nil)); err != io.EOF {
		t.Errorf("the end of the pipe: %v", err)
	}
}

func encoded(t testing.TB, q *Request) []byte {
	t.Helper()
	var pipe bytes.Buffer
	if err := WriteRequest(&pipe, q); err != nil {
		t.Fatal(err)
	}
	return pipe.Bytes()
}

// What decodes is encoded to the same bytes again: there is one way to say a thing.
func FuzzRequest(f *testing.F) {
	for _, q := range requests {
		f.Add(encoded(f, q)[4:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := decodeRequest(b)
		if err != nil {
			return
		}
		if again := encoded(t, q); !bytes.Equal(again[4:], b) {
			t.Errorf("%x became %x", b, again[4:])
		}
	})
}

func FuzzReply(f *testing.F) {
	for _, p := range replies {
		var pipe bytes.Buffer
		if err := WriteReply(&pipe, p); err != nil {
			f.Fatal(err)
		}
		f.Add(pipe.Bytes()[4:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodeReply(b)
		if err != nil {
			return
		}
		var pipe bytes.Buffer
		if err := WriteReply(&pipe, p); err != nil {
			t.Fatal(err)
		}
		if _, err := decodeReply(pipe.Bytes()[4:]); err != nil {
			t.Errorf("%x does not survive another round: %v", b, err)
		}
	})
}

// What is said of a signature or a decryption arrives as it was said, or is refused before it is sent.
func TestSchemes(t *testing.T) {
	pub := &rsa.PublicKey{}
	for name, tt := range map[string]struct {
		pub  crypto.PublicKey
		opts crypto.SignerOpts
		want Padding
	}{
		"SM2":          {&ecdsa.PublicKey{}, crypto.Hash(0), PaddingNone},
		"RSA":          {pub, crypto.SHA256, PaddingPKCS1v15},
		"RSA with PSS": {pub, &rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: 20}, PaddingPSS},
	} {
		s := SignScheme(tt.pub, tt.opts)
		if got := s.SignerOpts(); s.Padding != tt.want || !reflect.DeepEqual(got, tt.opts) {
			t.Errorf("%s: %+v became %+v", name, tt.opts, got)
		}
	}
	for name, tt := range map[string]struct {
		opts crypto.DecrypterOpts
		want error
	}{
		"nothing": {nil, nil},
		//lint:ignore SA1019 what others wrapped in the old way must open too
		"PKCS #1 v1.5": {&rsa.PKCS1v15DecryptOptions{}, nil},
		"OAEP":         {&rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA1, Label: []byte("label")}, nil},
		//lint:ignore SA1019 what others wrapped in the old way must open too
		"a session key":     {&rsa.PKCS1v15DecryptOptions{SessionKeyLen: 32}, token.ErrNotSupported},
		"something unknown": {crypto.SHA256, token.ErrNotSupported},
	} {
		s, err := DecryptScheme(tt.opts)
		if !errors.Is(err, tt.want) || err == nil && !reflect.DeepEqual(s.DecrypterOpts(), tt.opts) {
			t.Errorf("%s: %v, %+v", name, err, s)
		}
	}
}
