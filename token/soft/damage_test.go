package soft

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
)

// refusing issues no certificate.
type refusing struct{}

var errRefused = errors.New("no certificate for you")

func (refusing) Issue(ca.Request) (*smx509.Certificate, error) { return nil, errRefused }

// What a key cannot be made of is refused, and nothing is left of it.
func TestKeysThatAreNotMade(t *testing.T) {
	length := new(token.PINLengthError)
	for name, tt := range map[string]struct {
		change func(o *Options)
		want   error // nil: any
	}{
		"no label":              {func(o *Options) { o.Label = "" }, ErrLabel},
		"a long label":          {func(o *Options) { o.Label = strings.Repeat("标", maxLabel+1) }, ErrLabel},
		"a label of no text":    {func(o *Options) { o.Label = "\xff" }, ErrLabel},
		"a label with controls": {func(o *Options) { o.Label = "a\x7f" }, ErrLabel},
		"a short PIN":           {func(o *Options) { o.PIN = []byte("1") }, length},
		"less than no tries":    {func(o *Options) { o.Tries = -1 }, nil},
		"too many tries":        {func(o *Options) { o.Tries = maxTries + 1 }, nil},
		"a long chain":          {func(o *Options) { o.Chain = make([]*smx509.Certificate, maxChain+1) }, nil},
		"one key of two":        {func(o *Options) { o.EncryptKey = nil }, nil},
		"too many lanes":        {func(o *Options) { o.Cost.Threads = maxThreads + 1 }, nil},
		"too little memory":     {func(o *Options) { o.Cost.MemoryKiB = 7 }, nil},
		"another kind of key":   {func(o *Options) { o.Algorithm = ca.ECDSA }, ca.ErrAlgorithm},
		"an unknown kind":       {func(o *Options) { o.Algorithm, o.SignKey, o.EncryptKey = "dsa", nil, nil }, nil},
		"no certificate":        {func(o *Options) { o.Issuer = refusing{} }, errRefused},
	} {
		dir := t.TempDir()
		o := options(t, ca.SM2)
		tt.change(&o)
		_, err := Create(dir, o)
		is := err != nil && (tt.want == nil || errors.Is(err, tt.want))
		if tt.want == error(length) {
			is = errors.As(err, &length)
		}
		if !is {
			t.Errorf("%s: %v", name, err)
		}
		if names, err := folders(dir); err != nil || len(names) != 0 {
			t.Errorf("%s: %q is left, %v", name, names, err)
		}
	}
}

// Where keys cannot lie, neither making nor looking for them passes for an empty folder.
func TestFoldersThatAreNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(file, options(t, ca.SM2)); err == nil {
		t.Error("a key was made in a file")
	}
	d := open(file, refresh)
	if tokens, err := d.Tokens(t.Context()); err == nil {
		t.Errorf("%d tokens in a file", len(tokens))
	}
	if _, err := d.Watch(t.Context()); err == nil {
		t.Error("a file is watched")
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, lockFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, options(t, ca.SM2)); err == nil {
		t.Error("a key was made in a folder that cannot be locked")
	}
	// What is no key's folder is passed over.
	dir, _ = make1(t, ca.SM2)
	for _, name := range []string{"notes", "00112233", ".new-1"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := folders(dir); err != nil || len(names) != 1 {
		t.Errorf("%q, %v", names, err)
	}
}

// change rewrites a file of a token as JSON.
func change(t *testing.T, folder, name string, change func(map[string]any)) {
	t.Helper()
	var v map[string]any
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err == nil {
		change(v)
		data, err = json.Marshal(v)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// reseal rewrites sealed.json with a check that matches, as only somebody on purpose does.
func reseal(t *testing.T, folder string, change func(*sealed)) {
	t.Helper()
	var s sealed
	if _, err := readJSON(folder, sealedFile, &s); err != nil {
		t.Fatal(err)
	}
	change(&s)
	s.Check = s.sum()
	if err := writeJSON(folder, sealedFile, s); err != nil {
		t.Fatal(err)
	}
}

// Whatever is wrong with a file of a key is found out before a try is spent, and told by the file's name.
func TestDamageOfEachKind(t *testing.T) {
	set := func(key string, value any) func(map[string]any) { return func(m map[string]any) { m[key] = value } }
	for _, tt := range []struct {
		name   string
		file   string
		damage func(t *testing.T, folder string)
	}{
		{"another format", publicFile, func(t *testing.T, f string) { change(t, f, publicFile, set("format", "x")) }},
		{"another version", publicFile, func(t *testing.T, f string) { change(t, f, publicFile, set("version", 2)) }},
		{"another's serial", publicFile, func(t *testing.T, f string) { change(t, f, publicFile, set("serial", "00")) }},
		{"no certificate", publicFile, func(t *testing.T, f string) {
			change(t, f, publicFile, func(m map[string]any) { delete(m, "sign") })
		}},
		{"no second one", publicFile, func(t *testing.T, f string) {
			change(t, f, publicFile, func(m map[string]any) { delete(m, "encrypt") })
		}},
		{"what is no certificate", publicFile, func(t *testing.T, f string) { change(t, f, publicFile, set("sign", 5)) }},
		{"a long chain", publicFile, func(t *testing.T, f string) {
			change(t, f, publicFile, func(m map[string]any) {
				var chain []any
				for range maxChain + 1 {
					chain = append(chain, m["sign"])
				}
				m["chain"] = chain
			})
		}},
		{"no tries at all", triesFile, func(t *testing.T, f string) { change(t, f, triesFile, set("max", 0)) }},
		{"countless tries", triesFile, func(t *testing.T, f string) { change(t, f, triesFile, set("max", maxTries+1)) }},
		{"a folder for a file", triesFile, func(t *testing.T, f string) {
			if err := errors.Join(os.Remove(filepath.Join(f, triesFile)), os.Mkdir(filepath.Join(f, triesFile), 0o700)); err != nil {
				t.Fatal(err)
			}
		}},
		{"another box", sealedFile, func(t *testing.T, f string) { reseal(t, f, func(s *sealed) { s.Header.Version = 2 }) }},
		{"another derivation", sealedFile, func(t *testing.T, f string) { reseal(t, f, func(s *sealed) { s.Header.KDF = "x" }) }},
		{"another cipher", sealedFile, func(t *testing.T, f string) { reseal(t, f, func(s *sealed) { s.Header.Cipher = "x" }) }},
		{"a short salt", sealedFile, func(t *testing.T, f string) { reseal(t, f, func(s *sealed) { s.Header.Salt = nil }) }},
		{"a short box", sealedFile, func(t *testing.T, f string) { reseal(t, f, func(s *sealed) { s.Wrap.Data = nil }) }},
		{"a short nonce", sealedFile, func(t *testing.T, f string) { reseal(t, f, func(s *sealed) { s.Wrap.Nonce = nil }) }},
		{"a cost without bounds", sealedFile, func(t *testing.T, f string) { reseal(t, f, func(s *sealed) { s.Header.Cost.Time = maxTime + 1 }) }},
		{"more after its end", sealedFile, func(t *testing.T, f string) {
			data, err := os.ReadFile(filepath.Join(f, sealedFile))
			if err == nil {
				err = os.WriteFile(filepath.Join(f, sealedFile), append(data, "{}"...), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}},
	} {
		_, folder := make1(t, ca.SM2)
		tt.damage(t, folder)
		tok := &softToken{dir: folder}
		var damaged *DamagedError
		if err := tok.Unlock(t.Context(), []byte(pin)); !errors.As(err, &damaged) || damaged.File != tt.file {
			t.Errorf("%s: %v", tt.name, err)
		}
		var left tries
		if _, err := readJSON(folder, triesFile, &left); err == nil && left.Left != defaultTries {
			t.Errorf("%s: %d tries are left", tt.name, left.Left)
		}
		switch tt.file {
		case publicFile:
			if _, err := tok.Identities(t.Context()); !errors.As(err, &damaged) {
				t.Errorf("%s: its certificates: %v", tt.name, err)
			}
			if d := (&driver{filepath.Dir(folder), refresh}); tt.name != "" {
				if names, err := d.uris(t.Context()); err != nil || len(names) != 0 {
					t.Errorf("%s: it is watched as %v, %v", tt.name, names, err)
				}
			}
		case triesFile:
			if _, err := tok.Info(t.Context()); !errors.As(err, &damaged) {
				t.Errorf("%s: its tries: %v", tt.name, err)
			}
		}
	}
}

// A PIN is not tried for whoever has gone, nor on a key that is locked; and what was unlocked is not another folder's key.
func TestPINsThatAreNotTried(t *testing.T) {
	_, folder := make1(t, ca.SM2)
	tok := &softToken{dir: folder}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tok.Unlock(ctx, []byte(pin)); !errors.Is(err, context.Canceled) {
		t.Errorf("for whoever has gone: %v", err)
	}
	if err := tok.Unlock(t.Context(), []byte(pin)); err != nil {
		t.Fatal(err)
	}
	identities, err := tok.Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	away := folder + "-away"
	if err := errors.Join(os.Rename(folder, away), os.CopyFS(folder, os.DirFS(away))); err != nil {
		t.Fatal(err)
	}
	if _, err := identities[0].Signer(t.Context()); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("a copy in its place: %v", err)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"unlocking":   tok.Unlock(t.Context(), []byte(pin)),
		"writing":     writeFile(folder, triesFile, nil),
		"its changes": tok.ChangePIN(t.Context(), []byte(pin), []byte("135790")),
	} {
		if !errors.Is(err, token.ErrRemoved) {
			t.Errorf("%s where there is nothing: %v", name, err)
		}
	}
	change(t, away, triesFile, func(m map[string]any) { m["left"] = 0 })
	if err := os.Rename(away, folder); err != nil {
		t.Fatal(err)
	}
	if err := tok.Unlock(token.ConfirmLastTry(t.Context()), []byte(pin)); !errors.Is(err, token.ErrPINLocked) {
		t.Errorf("a locked key: %v", err)
	}
	if err := os.Mkdir(filepath.Join(folder, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "full", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(folder, "full", []byte("x")); err == nil {
		t.Error("a file took the place of a folder")
	}
	if left, err := filepath.Glob(filepath.Join(folder, ".full-*")); err != nil || len(left) != 0 {
		t.Errorf("%q is left, %v", left, err)
	}
}

// What is no key of the certificate is not taken for one.
func TestKeysOfOthers(t *testing.T) {
	o := options(t, ca.SM2)
	sign, encrypt := o.SignKey, o.EncryptKey
	cert, err := o.Issuer.Issue(ca.Request{Subject: o.Subject, PublicKey: sign.Public(), Usage: token.UsageSign})
	if err != nil {
		t.Fatal(err)
	}
	der := func(key any) []byte {
		b, err := smx509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	agrees, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseKey(der(sign), cert); err != nil {
		t.Errorf("its key: %v", err)
	}
	for name, b := range map[string][]byte{"nothing": nil, "another key": der(encrypt), "a key that only agrees": der(agrees)} {
		if key, err := parseKey(b, cert); err == nil {
			t.Errorf("%s: %v", name, key)
		}
	}
}

// Of RSA, OAEP with SHA-256 is decrypted as PKCS #1 v1.5 is; everything else is not supported, and told before anything is tried.
func TestFormsOfDecryption(t *testing.T) {
	_, folder := make1(t, ca.RSA)
	tok := &softToken{dir: folder}
	if err := tok.Unlock(t.Context(), []byte(pin)); err != nil {
		t.Fatal(err)
	}
	ids, err := tok.Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := ids[1].Decrypter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pub := d.Public().(*rsa.PublicKey)
	oaep, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, pub, []byte("key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		opts crypto.DecrypterOpts
		want error
	}{
		"OAEP":               {&rsa.OAEPOptions{Hash: crypto.SHA256}, nil},
		"OAEP, its mask":     {&rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA256}, nil},
		"OAEP of SHA-1":      {&rsa.OAEPOptions{Hash: crypto.SHA1}, token.ErrNotSupported},
		"another mask":       {&rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA1}, token.ErrNotSupported},
		"something unknown":  {crypto.SHA256, token.ErrNotSupported},
		"the wrong padding":  {nil, token.ErrDecrypt},
		"another OAEP label": {&rsa.OAEPOptions{Hash: crypto.SHA256, Label: sha1.New().Sum(nil)}, token.ErrDecrypt},
	} {
		if plain, err := d.Decrypt(nil, oaep, tt.opts); !errors.Is(err, tt.want) || err == nil && !bytes.Equal(plain, []byte("key")) {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	// Keys of a curve agree; they do not decrypt.
	_, folder = make1(t, ca.ECDSA)
	tok = &softToken{dir: folder}
	if err := tok.Unlock(t.Context(), []byte(pin)); err != nil {
		t.Fatal(err)
	}
	if ids, err = tok.Identities(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := ids[1].Certificate().PublicKey.(*ecdsa.PublicKey); !ok {
		t.Fatal("another kind of key")
	}
	if _, err := ids[1].Decrypter(t.Context()); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("a key of a curve: %v", err)
	}
	if _, err := (&key{t.Context(), ids[1].(*identity)}).Decrypt(nil, oaep, nil); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("a key of a curve decrypts: %v", err)
	}
}
