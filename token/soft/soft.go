package soft

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/foreign"
	"sealdesk/token/poll"
	"sealdesk/token/smallfile"
	"sealdesk/token/uri"
)

const (
	defaultTries = 6
	maxTries     = 15 // as on keys of GM/T 0016
	minPIN       = 4  // bytes
	maxPIN       = 64
	maxLabel     = 64 // runes
	maxChain     = 8
	serialSize   = 8 // random bytes, printed as hex

	// refresh is how often the folder is looked at while it is watched.
	refresh = time.Second
)

var (
	// ErrExists: a token of this label is there already.
	ErrExists = token.NewError("token.soft_exists", "a software key with this label exists already")
	// ErrLabel: the label is empty, too long or holds control characters.
	ErrLabel = token.NewError("token.soft_label", "the label of the software key is not valid")
)

// Driver finds the software keys in one folder. It is guarded: see token.Guard.
type Driver struct {
	token.Driver
}

// Open returns the driver for the software keys in dir. The folder need not be
// there yet.
func Open(dir string) (*Driver, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return open(abs, refresh), nil
}

func open(dir string, refresh time.Duration) *Driver {
	return &Driver{token.Guard(&driver{dir, refresh}, token.Limits{})}
}

// Issuer makes certificates; ca.Authority is one.
type Issuer interface {
	Issue(ca.Request) (*smx509.Certificate, error)
}

// Options tell what Create shall make.
type Options struct {
	Label     string
	Algorithm ca.Algorithm
	PIN       []byte // 4 to 64 bytes; wiped
	Subject   ca.Subject
	Issuer    Issuer

	Tries               int                   // before the PIN locks; zero: 6
	NotBefore, NotAfter time.Time             // of the certificates; zero: the issuer's choice
	Chain               []*smx509.Certificate // issuers to keep with the certificates
	Cost                Cost                  // zero: DefaultCost

	// Keys to take over instead of making new ones. Both are set or neither.
	SignKey, EncryptKey crypto.Signer
}

// public is the content of token.json.
type public struct {
	Format    string        `json:"format"`
	Version   int           `json:"version"`
	Serial    string        `json:"serial"`
	Label     string        `json:"label"`
	Algorithm ca.Algorithm  `json:"algorithm"`
	Created   time.Time     `json:"created"`
	Sign      certificate   `json:"sign"`
	Encrypt   certificate   `json:"encrypt"`
	Chain     []certificate `json:"chain,omitempty"`
}

const (
	publicFormat  = "sealdesk-softkey"
	publicVersion = 1
)

// certificate is written as DER.
type certificate struct{ *smx509.Certificate }

func (c certificate) MarshalJSON() ([]byte, error) { return json.Marshal(c.Raw) }

func (c *certificate) UnmarshalJSON(data []byte) error {
	var der []byte
	if err := json.Unmarshal(data, &der); err != nil {
		return err
	}
	var err error
	c.Certificate, err = smx509.ParseCertificate(der)
	return err
}

// tries is the content of tries.json.
type tries struct {
	Left int `json:"left"`
	Max  int `json:"max"`
}

// Create makes a software key in dir and returns its URI. The key appears all at
// once or not at all.
func Create(dir string, o Options) (string, error) {
	defer token.Wipe(o.PIN)
	if err := o.check(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	unlock, err := lock(context.Background(), dir)
	if err != nil {
		return "", err
	}
	defer unlock()
	if err := labelIsFree(dir, o.Label); err != nil {
		return "", err
	}

	p, keys, err := o.make()
	if err != nil {
		return "", err
	}
	defer keys.wipe()
	tmp, err := os.MkdirTemp(dir, ".new-*") // mode 0700
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	if err := write(tmp, p, keys, o); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, filepath.Join(dir, p.Serial)); err != nil {
		return "", err
	}
	return p.uri(), smallfile.SyncFolder(dir)
}

func (o *Options) check() error {
	if o.Label == "" || utf8.RuneCountInString(o.Label) > maxLabel || !foreign.IsLine(o.Label) {
		return ErrLabel
	}
	if err := checkPIN(o.PIN); err != nil {
		return err
	}
	if o.Tries == 0 {
		o.Tries = defaultTries
	}
	if o.Tries < 1 || o.Tries > maxTries {
		return fmt.Errorf("%d tries, want 1 to %d", o.Tries, maxTries)
	}
	if o.Cost == (Cost{}) {
		o.Cost = DefaultCost
	}
	if len(o.Chain) > maxChain {
		return fmt.Errorf("a chain of %d certificates, want at most %d", len(o.Chain), maxChain)
	}
	if (o.SignKey == nil) != (o.EncryptKey == nil) {
		return errors.New("one of the two keys to take over is missing")
	}
	return o.Cost.check()
}

func checkPIN(pin []byte) error {
	if len(pin) < minPIN || len(pin) > maxPIN {
		return &token.PINLengthError{Min: minPIN, Max: maxPIN}
	}
	return nil
}

func labelIsFree(dir, label string) error {
	names, err := folders(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if p, _, err := readPublic(filepath.Join(dir, name)); err == nil && p.Label == label {
			return ErrExists
		}
	}
	return nil
}

// make finds the keys and has them certified.
func (o *Options) make() (*public, *privateKeys, error) {
	sign, encrypt := o.SignKey, o.EncryptKey
	if sign == nil {
		var err error
		if sign, err = ca.GenerateKey(o.Algorithm); err != nil {
			return nil, nil, err
		}
		if encrypt, err = ca.GenerateKey(o.Algorithm); err != nil {
			return nil, nil, err
		}
	}
	for _, k := range []crypto.Signer{sign, encrypt} {
		if alg, err := ca.AlgorithmOf(k.Public()); err != nil || alg != o.Algorithm {
			return nil, nil, fmt.Errorf("the key to take over is not of kind %q: %w", o.Algorithm, ca.ErrAlgorithm)
		}
	}
	var serial [serialSize]byte
	if _, err := io.ReadFull(rand.Reader, serial[:]); err != nil {
		return nil, nil, err
	}
	p := &public{
		Format: publicFormat, Version: publicVersion, Serial: hex.EncodeToString(serial[:]),
		Label: o.Label, Algorithm: o.Algorithm, Created: time.Now().UTC().Truncate(time.Second),
	}
	for _, c := range o.Chain {
		p.Chain = append(p.Chain, certificate{c})
	}
	keys := &privateKeys{}
	for _, part := range []struct {
		key   crypto.Signer
		usage token.Usage
		cert  *certificate
		der   *[]byte
	}{
		{sign, token.UsageSign, &p.Sign, &keys.Sign},
		{encrypt, token.UsageEncrypt, &p.Encrypt, &keys.Encrypt},
	} {
		cert, err := o.Issuer.Issue(ca.Request{
			Subject: o.Subject, PublicKey: part.key.Public(), Usage: part.usage,
			NotBefore: o.NotBefore, NotAfter: o.NotAfter,
		})
		if err != nil {
			return nil, nil, err
		}
		part.cert.Certificate = cert
		if *part.der, err = smx509.MarshalPKCS8PrivateKey(part.key); err != nil {
			return nil, nil, err
		}
	}
	return p, keys, nil
}

// write fills a token's folder.
func write(dir string, p *public, keys *privateKeys, o Options) error {
	if err := writeJSON(dir, publicFile, p); err != nil {
		return err
	}
	raw, err := readFile(dir, publicFile)
	if err != nil {
		return err
	}
	s, err := seal(o.PIN, o.Cost, p.Serial, raw, keys)
	if err != nil {
		return err
	}
	if err := writeJSON(dir, sealedFile, s); err != nil {
		return err
	}
	return writeJSON(dir, triesFile, tries{o.Tries, o.Tries})
}

func (p *public) uri() string {
	return (&uri.URI{Scheme: uri.Soft, Path: uri.Attributes{"token": p.Label, "serial": p.Serial}}).String()
}

// readPublic reads token.json; the bytes are what sealed.json is bound to.
func readPublic(dir string) (*public, []byte, error) {
	var p public
	raw, err := readJSON(dir, publicFile, &p)
	if err != nil {
		return nil, nil, err
	}
	bad := func(what string) error { return &DamagedError{publicFile, errors.New(what)} }
	switch {
	case p.Format != publicFormat || p.Version != publicVersion:
		return nil, nil, bad("unknown format or version")
	case p.Serial != filepath.Base(dir) && !strings.HasPrefix(filepath.Base(dir), "."):
		return nil, nil, bad("it belongs to another token")
	case p.Sign.Certificate == nil || p.Encrypt.Certificate == nil:
		return nil, nil, bad("a certificate is missing")
	case len(p.Chain) > maxChain:
		return nil, nil, bad("the chain is too long")
	}
	for _, c := range p.Chain {
		if c.Certificate == nil {
			return nil, nil, bad("a certificate of the chain is missing")
		}
	}
	return &p, raw, nil
}

func readTries(dir string) (tries, error) {
	var t tries
	if _, err := readJSON(dir, triesFile, &t); err != nil {
		return t, err
	}
	if t.Max < 1 || t.Max > maxTries || t.Left < 0 || t.Left > t.Max {
		return t, &DamagedError{triesFile, errors.New("the numbers are out of bounds")}
	}
	return t, nil
}

// folders lists the names of the tokens in dir.
func folders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() || !isSerial(e.Name()) {
			continue
		}
		names = append(names, e.Name())
	}
	return names, nil
}

func isSerial(name string) bool {
	_, err := hex.DecodeString(name)
	return err == nil && len(name) == 2*serialSize
}

// driver does the work of Driver, unguarded.
type driver struct {
	dir     string
	refresh time.Duration
}

// Tokens lists every token's folder; one that is damaged says so when it is
// asked for more.
func (d *driver) Tokens(ctx context.Context) ([]token.Token, error) {
	names, err := folders(d.dir)
	if err != nil {
		return nil, err
	}
	var tokens []token.Token
	for _, name := range names {
		tokens = append(tokens, &softToken{dir: filepath.Join(d.dir, name)})
	}
	return tokens, ctx.Err()
}

// Watch looks at the folder every second: keys come and go seldom, and polling works on every file system.
func (d *driver) Watch(ctx context.Context) (<-chan token.Event, error) {
	if _, err := d.uris(ctx); err != nil {
		return nil, err
	}
	return poll.Watch(ctx, d.refresh, d.uris), nil
}

// uris names the tokens that can be read.
func (d *driver) uris(context.Context) ([]string, error) {
	names, err := folders(d.dir)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		if p, _, err := readPublic(filepath.Join(d.dir, name)); err == nil {
			found = append(found, p.uri())
		}
	}
	return found, nil
}
