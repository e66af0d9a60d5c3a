package softkey

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm4"
)

// message builds a call.
func message(name string, values ...any) []byte {
	a := answer{}
	for _, v := range values {
		switch v := v.(type) {
		case int:
			a.number(uint64(v))
		case uint64:
			a.number(v)
		case string:
			a.bytes([]byte(v))
		default:
			a.none()
		}
	}
	return slices.Concat([]byte{byte(len(name))}, []byte(name), a.values)
}

func TestParseCall(t *testing.T) {
	name, values, err := parseCall(message("SKF_VerifyPIN", 7, "secret", nil, ""))
	if err != nil || name != "SKF_VerifyPIN" {
		t.Fatalf("%q, %v", name, err)
	}
	in := arguments{values: values}
	n, b, none, empty := in.number(), in.bytes(), in.bytes(), in.bytes()
	if n != 7 || string(b) != "secret" || none != nil || empty == nil || in.bad {
		t.Errorf("read %d, %q, %v, %v, bad %v", n, b, none, empty, in.bad)
	}
	if in.number() != 0 || !in.bad {
		t.Error("a value that is not there was read")
	}
	if _, _, err := parseCall(message(strings.Repeat("x", maxName+1))); err == nil {
		t.Error("a name beyond the limit was read")
	}
	if _, _, err := parseCall(append(message("f"), bytes.Repeat([]byte{'z'}, maxValues+1)...)); err == nil {
		t.Error("more values than the limit were read")
	}
}

func TestReadMessageIsBounded(t *testing.T) {
	for _, n := range []uint32{maxMessage + 1, 1<<32 - 1} {
		if _, err := readMessage(bytes.NewReader(binary.LittleEndian.AppendUint32(nil, n))); !errors.Is(err, errMessage) {
			t.Errorf("a message of %d bytes: %v", n, err)
		}
	}
}

// FuzzCall hands whatever parses to the server: no function may panic, hang or read beyond its arguments.
func FuzzCall(f *testing.F) {
	for name := range functions {
		f.Add(message(name))
		f.Add(message(name, 1, 1, 0, 16))
		f.Add(message(name, firstHandle+16, 32, "0123456789abcdef0123456789abcdef", uint64(1<<32)))
		f.Add(message(name, firstHandle+32, "secret", "secret2", ^uint64(0)))
		f.Add(message(name, firstHandle+48, 1, "ciphertext", 9, 0, ^uint64(0), "x", nil, 7))
	}
	f.Add(message("C_SignInit", firstHandle+64, 0x40, 0, 0, 0, nil, 7))
	f.Add(message("C_GetAttributeValue", firstHandle+64, 5, 2, 0, ^uint64(0), 0x11, 4))
	f.Fuzz(func(t *testing.T, body []byte) {
		name, values, err := parseCall(body)
		if err != nil {
			return
		}
		c := inUse(t, name, values)
		if !strings.Contains(name, "Wait") {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			c.ctx = ctx
		}
		c.run()
		var out bytes.Buffer
		if err := c.out.write(&out); err != nil || out.Len() < 13 || int(binary.LittleEndian.Uint32(out.Bytes())) != out.Len()-4 {
			t.Errorf("the answer is % x, %v", out.Bytes(), err)
		}
		if c.ctx.Err() == context.DeadlineExceeded {
			t.Errorf("%s hangs", name)
		}
	})
}

// fuzzKeys are made once: making keys is what takes time.
var fuzzKeys = newFuzzKeys()

// inUse is a call to a server with a key, on which a process has everything open and the PIN entered: a device, an application,
// a container and a session key by SKF, and a session by PKCS #11, under the handles that follow each other.
func inUse(t testing.TB, name string, values []value) *call {
	t.Helper()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Add(DeviceOptions{Serial: "F1", PIN: []byte("123456"), Dialect: Dialect{SM2: &Longmai}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.AddContainer("a", fuzzKeys[0], fuzzKeys[1]); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel() // whatever waits, waits for nothing
	cl := &client{
		variant: string(SKFKeyspec), longSize: 8, handles: map[uint64]*handle{}, logins: map[*application]role{d.app(): user},
		authed: map[*Device]bool{d: true}, nonces: map[*Device][]byte{}, sessions: map[uint64]*session{}, seen: len(s.events),
	}
	s.clients["fuzz"] = cl
	c := &call{server: s, client: cl, ctx: cancelled, name: name, in: arguments{values: values}}
	open := &call{server: s, client: cl, device: d}
	open.open(handle{kind: deviceHandle})
	open.open(handle{kind: appHandle, app: d.app()})
	open.open(handle{kind: containerHandle, app: d.app(), box: d.app().containers[0]})
	s.lastHandle += 16
	cl.sessions[s.lastHandle] = &session{device: d, plugged: d.plugged, rw: true}
	open.open(handle{kind: keyHandle, app: d.app(), box: d.app().containers[0], session: newFuzzSessionKey(t)})
	return c
}

func newFuzzKeys() [2]KeyPair {
	var pairs [2]KeyPair
	for i := range pairs {
		key, err := sm2.GenerateKey(rand.Reader)
		if err != nil {
			panic(err)
		}
		pairs[i] = KeyPair{Key: key}
	}
	return pairs
}

func newFuzzSessionKey(t testing.TB) *sessionKey {
	t.Helper()
	block, err := sm4.NewCipher([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return &sessionKey{block: block, cbc: true, mode: cipher.NewCBCDecrypter(block, make([]byte, 16)), padded: true}
}
