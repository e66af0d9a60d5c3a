package soft

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/tokentest"
)

const (
	pin      = "246810"
	wrongPIN = "135790"
)

// cheap makes a guess cost next to nothing: the suite tries hundreds of PINs.
var cheap = Cost{Time: 1, MemoryKiB: 64, Threads: 1}

// What takes time to make is made once for all tests.
var (
	authority = sync.OnceValues(func() (*ca.Authority, error) { return ca.New() })
	keysMu    sync.Mutex
	keys      = map[ca.Algorithm][2]crypto.Signer{}
)

func options(t testing.TB, a ca.Algorithm) Options {
	t.Helper()
	issuer, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	keysMu.Lock()
	defer keysMu.Unlock()
	pair, ok := keys[a]
	if !ok {
		for i := range pair {
			if pair[i], err = ca.GenerateKey(a); err != nil {
				t.Fatal(err)
			}
		}
		keys[a] = pair
	}
	return Options{
		Label: "采购人", Algorithm: a, PIN: []byte(pin), Issuer: issuer, Cost: cheap,
		Subject: ca.Subject{Name: "青川县教育局", USCC: "11510822MB1234567X", Handler: "李明"},
		SignKey: pair[0], EncryptKey: pair[1],
	}
}

// make1 makes a token in a new folder, and gives both folders' names.
func make1(t testing.TB, a ca.Algorithm) (dir, folder string) {
	t.Helper()
	dir = t.TempDir()
	if _, err := Create(dir, options(t, a)); err != nil {
		t.Fatal(err)
	}
	names, err := folders(dir)
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	return dir, filepath.Join(dir, names[0])
}

func only(t testing.TB, dir string) token.Token {
	t.Helper()
	tokens, err := open(dir, refresh).Tokens(context.Background())
	if err != nil || len(tokens) != 1 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	return tokens[0]
}

func TestConformance(t *testing.T) {
	tokentest.Run(t, tokentest.Harness{
		Algorithms: ca.Algorithms(),
		New: func(t *testing.T, a ca.Algorithm) tokentest.Key {
			dir, folder := make1(t, a)
			away := filepath.Join(t.TempDir(), "away")
			move := func(from, to string) func() {
				return func() {
					if err := os.Rename(from, to); err != nil {
						t.Fatal(err)
					}
				}
			}
			return tokentest.Key{
				Driver: open(dir, 20*time.Millisecond), PIN: pin, WrongPIN: wrongPIN, Tries: defaultTries,
				Unplug: move(folder, away), Replug: move(away, folder),
			}
		},
	})
}

func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	o := options(t, ca.SM2)
	o.SignKey, o.EncryptKey = nil, nil
	uri, err := Create(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(o.PIN, make([]byte, len(o.PIN))) {
		t.Error("the PIN was left in memory")
	}
	info, err := only(t, dir).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.URI != uri || !strings.HasPrefix(uri, "soft:token=%E9%87%87") {
		t.Errorf("URI %s, created as %s", info.URI, uri)
	}
	if runtime.GOOS != "windows" {
		err := filepath.Walk(dir, func(path string, fi os.FileInfo, err error) error {
			want := os.FileMode(0o600)
			if fi.IsDir() {
				want = 0o700
			}
			if fi.Mode().Perm() != want {
				t.Errorf("%s is %v, want %v", filepath.Base(path), fi.Mode().Perm(), want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Create(dir, options(t, ca.SM2)); !errors.Is(err, ErrExists) {
		t.Errorf("a second token of the same label: %v", err)
	}
	other := options(t, ca.SM2)
	other.Label = "供应商"
	if _, err := Create(dir, other); err != nil {
		t.Errorf("a token of another label: %v", err)
	}
	ids, err := only2(t, dir)[0].Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if pairs := token.Pair(ids); len(pairs) != 1 || pairs[0].Sign.ID() != "sign" || pairs[0].Encrypt.ID() != "encrypt" {
		t.Errorf("pairs: %+v", pairs)
	}
}

func only2(t *testing.T, dir string) []token.Token {
	t.Helper()
	tokens, err := open(dir, refresh).Tokens(t.Context())
	if err != nil || len(tokens) != 2 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	return tokens
}

func TestCreateRefuses(t *testing.T) {
	var length *token.PINLengthError
	tests := []struct {
		name  string
		spoil func(*Options)
		ok    func(error) bool
	}{
		{"short PIN", func(o *Options) { o.PIN = []byte("123") }, func(err error) bool { return errors.As(err, &length) }},
		{"long PIN", func(o *Options) { o.PIN = make([]byte, 65) }, func(err error) bool { return errors.As(err, &length) }},
		{"no label", func(o *Options) { o.Label = "" }, func(err error) bool { return errors.Is(err, ErrLabel) }},
		{"label with a line feed", func(o *Options) { o.Label = "a\nb" }, func(err error) bool { return errors.Is(err, ErrLabel) }},
		{"unknown algorithm", func(o *Options) { o.Algorithm = "dsa"; o.SignKey, o.EncryptKey = nil, nil },
			func(err error) bool { return errors.Is(err, ca.ErrAlgorithm) }},
		{"key of another kind", func(o *Options) { o.Algorithm = ca.ECDSA }, func(err error) bool { return errors.Is(err, ca.ErrAlgorithm) }},
		{"half a pair", func(o *Options) { o.SignKey = nil }, func(err error) bool { return err != nil }},
		{"too many tries", func(o *Options) { o.Tries = 16 }, func(err error) bool { return err != nil }},
		{"100 GB of memory", func(o *Options) { o.Cost.MemoryKiB = 100 << 20 }, func(err error) bool { return err != nil }},
		{"no subject", func(o *Options) { o.Subject = ca.Subject{} }, func(err error) bool { return errors.Is(err, ca.ErrSubject) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			o := options(t, ca.SM2)
			tt.spoil(&o)
			if _, err := Create(dir, o); !tt.ok(err) {
				t.Errorf("got %v", err)
			}
			if names, err := folders(dir); err != nil || len(names) > 0 {
				t.Errorf("it left %v, %v", names, err)
			}
		})
	}
}

// Whatever is wrong with the files, it is said, and no try is spent on it.
func TestDamageCostsNoTry(t *testing.T) {
	_, good := make1(t, ca.ECDSA)
	_, other := make1(t, ca.ECDSA)
	edit := func(name string, change func(map[string]any)) func(*testing.T, string) {
		return func(t *testing.T, folder string) {
			path := filepath.Join(folder, name)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var v map[string]any
			if err := json.Unmarshal(data, &v); err != nil {
				t.Fatal(err)
			}
			change(v)
			if data, err = json.Marshal(v); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	cut := func(name string, by int) func(*testing.T, string) {
		return func(t *testing.T, folder string) {
			path := filepath.Join(folder, name)
			fi, err := os.Stat(path)
			if err == nil {
				err = os.Truncate(path, max(0, fi.Size()-int64(by)))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	from := func(name string) func(*testing.T, string) {
		return func(t *testing.T, folder string) {
			data, err := os.ReadFile(filepath.Join(other, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, name), data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, folder string) {
			if err := os.Remove(filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	header := func(change func(map[string]any)) func(*testing.T, string) {
		return edit(sealedFile, func(v map[string]any) { change(v["header"].(map[string]any)) })
	}
	// resealed is an edit by somebody who knows how to mend the check.
	resealed := func(change func(*sealed)) func(*testing.T, string) {
		return func(t *testing.T, folder string) {
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
	}
	tests := []struct {
		name, file string
		damage     func(*testing.T, string)
	}{
		{"certificates cut", publicFile, cut(publicFile, 20)},
		{"certificates of another token", publicFile, from(publicFile)},
		{"certificates missing", publicFile, remove(publicFile)},
		{"label changed", sealedFile, edit(publicFile, func(v map[string]any) { v["label"] = "x" })},
		{"field added", publicFile, edit(publicFile, func(v map[string]any) { v["more"] = 1 })},
		{"certificate is null", publicFile, edit(publicFile, func(v map[string]any) { v["sign"] = nil })},
		{"keys cut", sealedFile, cut(sealedFile, 20)},
		{"keys empty", sealedFile, cut(sealedFile, 1<<20)},
		{"keys of another token", sealedFile, from(sealedFile)},
		{"keys missing", sealedFile, remove(sealedFile)},
		{"keys' check", sealedFile, edit(sealedFile, func(v map[string]any) { v["check"] = "00" })},
		{"salt changed", sealedFile, header(func(h map[string]any) { h["salt"] = "AAAAAAAAAAAAAAAAAAAAAA==" })},
		{"100 GB of memory", sealedFile, resealed(func(s *sealed) { s.Header.Cost.MemoryKiB = 100 << 20 })},
		{"four billion passes", sealedFile, resealed(func(s *sealed) { s.Header.Cost.Time = 1<<32 - 1 })},
		{"no passes", sealedFile, resealed(func(s *sealed) { s.Header.Cost.Time = 0 })},
		{"no lanes", sealedFile, resealed(func(s *sealed) { s.Header.Cost.Threads = 0 })},
		{"short nonce", sealedFile, resealed(func(s *sealed) { s.Keys.Nonce = s.Keys.Nonce[:4] })},
		{"keys' box spoilt and the check mended", sealedFile, resealed(func(s *sealed) { s.Keys.Data[0] ^= 1 })},
		{"counter cut", triesFile, cut(triesFile, 5)},
		{"counter missing", triesFile, remove(triesFile)},
		{"counter above its maximum", triesFile, edit(triesFile, func(v map[string]any) { v["left"] = 99 })},
		{"counter below zero", triesFile, edit(triesFile, func(v map[string]any) { v["left"] = -1 })},
		{"counter is huge", triesFile, func(t *testing.T, folder string) {
			if err := os.WriteFile(filepath.Join(folder, triesFile), make([]byte, maxFile+1), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"counter is a folder", triesFile, func(t *testing.T, folder string) {
			remove(triesFile)(t, folder)
			if err := os.Mkdir(filepath.Join(folder, triesFile), 0o700); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			folder := filepath.Join(dir, filepath.Base(good))
			if err := os.CopyFS(folder, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			tt.damage(t, folder)
			before, _ := os.ReadFile(filepath.Join(folder, triesFile))
			err := only(t, dir).Unlock(t.Context(), []byte(pin))
			var damaged *DamagedError
			if !errors.As(err, &damaged) || damaged.File != tt.file {
				t.Errorf("got %v, want damage of %s", err, tt.file)
			}
			after, _ := os.ReadFile(filepath.Join(folder, triesFile))
			if !bytes.Equal(before, after) {
				t.Errorf("the counter went from %s to %s", before, after)
			}
		})
	}
}

// The counter is down, on the disk, while the PIN is being tried.
func TestTryIsSpentBeforeThePINIsTried(t *testing.T) {
	if os.Getenv("SOFT_TRY_IN") != "" {
		t.Skip("this is the child")
	}
	dir := t.TempDir()
	o := options(t, ca.ECDSA)
	o.Cost = Cost{Time: maxTime, MemoryKiB: maxMemoryKiB, Threads: 1} // seconds
	writeSlow(t, dir, o)
	names, err := folders(dir)
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	folder := filepath.Join(dir, names[0])

	child := exec.Command(os.Args[0], "-test.run=^TestChildTriesPIN$")
	child.Env = append(os.Environ(), "SOFT_TRY_IN="+dir)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Process.Kill()
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		left, err := readTries(folder)
		if err != nil {
			t.Fatal(err)
		}
		if left.Left == defaultTries-1 {
			break
		}
		if time.Since(start) > 20*time.Second {
			t.Fatal("no try was spent")
		}
	}
	// The child holds the lock: nobody else tries meanwhile.
	short, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	if _, err := lock(short, folder); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the folder is not locked while a PIN is tried: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	if left, err := readTries(folder); err != nil || left.Left != defaultTries-1 {
		t.Errorf("%d tries left after the kill (%v), want %d", left.Left, err, defaultTries-1)
	}
	unlock, err := lock(t.Context(), folder)
	if err != nil {
		t.Fatalf("the lock outlived its holder: %v", err)
	}
	unlock()
}

// writeSlow writes a token whose box costs seconds to try, without spending them:
// no PIN opens it.
func writeSlow(t *testing.T, dir string, o Options) {
	t.Helper()
	cost := o.Cost
	o.Cost = cheap
	if _, err := Create(dir, o); err != nil {
		t.Fatal(err)
	}
	names, err := folders(dir)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, names[0])
	var s sealed
	if _, err := readJSON(folder, sealedFile, &s); err != nil {
		t.Fatal(err)
	}
	s.Header.Cost = cost
	s.Check = s.sum()
	if err := writeJSON(folder, sealedFile, s); err != nil {
		t.Fatal(err)
	}
}

// TestChildTriesPIN is the program that TestTryIsSpentBeforeThePINIsTried kills.
func TestChildTriesPIN(t *testing.T) {
	dir := os.Getenv("SOFT_TRY_IN")
	if dir == "" {
		t.Skip("runs as a child only")
	}
	only(t, dir).Unlock(t.Context(), []byte(pin))
}

// Two programs that read the counter at the same moment cannot spend the last
// try together: whoever comes second sees it, and has no consent.
func TestLastTryIsJudgedUnderTheLock(t *testing.T) {
	_, folder := make1(t, ca.ECDSA)
	if err := writeJSON(folder, triesFile, tries{1, defaultTries}); err != nil {
		t.Fatal(err)
	}
	unguarded := &softToken{dir: folder}
	if err := unguarded.Unlock(t.Context(), []byte(wrongPIN)); !errors.Is(err, token.ErrLastTry) {
		t.Errorf("got %v", err)
	}
	if left, err := readTries(folder); err != nil || left.Left != 1 {
		t.Errorf("%d left, %v", left.Left, err)
	}
}

func TestShortNewPINCostsNoTry(t *testing.T) {
	dir, folder := make1(t, ca.ECDSA)
	var length *token.PINLengthError
	err := only(t, dir).(token.PINChanger).ChangePIN(t.Context(), []byte(wrongPIN), []byte("123"))
	if !errors.As(err, &length) {
		t.Errorf("got %v", err)
	}
	if left, err := readTries(folder); err != nil || left.Left != defaultTries {
		t.Errorf("%d left, %v", left.Left, err)
	}
}

// Copies of the folder share nothing secret: the PIN is nowhere in it.
func TestNothingSecretOnDisk(t *testing.T) {
	_, folder := make1(t, ca.ECDSA)
	k := keys[ca.ECDSA][0].(interface{ Bytes() ([]byte, error) })
	raw, err := k.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(pin)) || bytes.Contains(data, raw) {
			t.Errorf("%s holds a secret", e.Name())
		}
	}
}

func FuzzParseSealed(f *testing.F) {
	_, folder := make1(f, ca.ECDSA)
	p, raw, err := readPublic(folder)
	if err != nil {
		f.Fatal(err)
	}
	good, err := readFile(folder, sealedFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(`{"header":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSealed(data, p.Serial, raw)
		if err != nil {
			return
		}
		if s.Header.Cost.MemoryKiB > maxMemoryKiB || s.Header.Cost.Time > maxTime {
			t.Fatalf("a file asks for %+v", s.Header.Cost)
		}
		if s.Header.Cost == cheap {
			s.open([]byte(pin)) // must not panic
		}
	})
}

func BenchmarkUnlock(b *testing.B) {
	dir := b.TempDir()
	o := options(b, ca.SM2)
	o.Cost = DefaultCost
	if _, err := Create(dir, o); err != nil {
		b.Fatal(err)
	}
	t := only(b, dir)
	for b.Loop() {
		if err := t.Unlock(b.Context(), []byte(pin)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	for _, a := range ca.Algorithms() {
		b.Run(string(a), func(b *testing.B) {
			dir, _ := make1(b, a)
			t := only(b, dir)
			if err := t.Unlock(b.Context(), []byte(pin)); err != nil {
				b.Fatal(err)
			}
			ids, err := t.Identities(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			s, err := ids[0].Signer(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			h, opts, err := token.NewDigest(s.Public())
			if err != nil {
				b.Fatal(err)
			}
			d := h.Sum(nil)
			for b.Loop() {
				if _, err := s.Sign(nil, d, opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
