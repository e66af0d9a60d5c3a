package updates

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/semver"

	"sealdesk/signer/disk"
	"sealdesk/signer/fetch"
)

// Bounds.
const (
	MaxFeed   = 256 << 10 // bytes
	maxPolicy = 16 << 10  // bytes
	maxNotes  = 2000      // characters in each language
)

// domain is signed with the payload, so that the key's signature over anything else is no feed.
const domain = "sealdesk update feed v1\n"

// A Source is where to ask, and who must have signed the answer.
type Source struct {
	Feed string            // an https URL
	Key  ed25519.PublicKey // 32 bytes
}

// A Release is what was published.
type Release struct {
	Version string            `json:"version"` // "1.4.0"
	Date    string            `json:"date"`    // 2006-01-02
	Notes   map[string]string `json:"notes"`   // what is new, by language: zh-CN, en
	Page    string            `json:"page"`    // https URL for people
	Until   time.Time         `json:"until"`   // the feed is not to be believed after it: an old one cannot be played for ever
}

// An Error says why it is not known whether there is something newer. Its code starts with "updates.".
type Error struct {
	code  string
	cause error
}

func (e *Error) Error() string {
	if e.cause == nil {
		return "updates." + e.code
	}
	return "updates." + e.code + ": " + e.cause.Error()
}

// Code is stable.
func (e *Error) Code() string { return "updates." + e.code }

func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare codes.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.code == e.code
}

// The errors.
var (
	ErrFeed      = &Error{code: "feed"}      // the answer is no feed
	ErrSignature = &Error{code: "signature"} // and this one is not signed by the key
	ErrOld       = &Error{code: "old"}       // or is no longer to be believed
	ErrPolicy    = &Error{code: "policy"}    // the administrator's file is damaged
)

// policy is the administrator's file.
type policy struct {
	Off  bool   `json:"off"`
	Feed string `json:"feed"`
	Key  []byte `json:"key"` // base64
}

// Decide is where to ask: the administrator's file decides before what was built in. Nil means that nobody is asked. Error: ErrPolicy,
// and then nobody is asked either.
func Decide(file string, builtIn *Source) (*Source, error) {
	data, err := disk.Read(file, maxPolicy)
	if file == "" || errors.Is(err, fs.ErrNotExist) {
		return builtIn, nil
	}
	var p policy
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields() // a mistyped "off" would have somebody asked
		if err = d.Decode(&p); err == nil && d.More() {
			err = errors.New("something follows what is decided")
		}
	}
	if err != nil {
		return nil, &Error{"policy", err}
	}
	switch {
	case p.Off:
		return nil, nil
	case p.Feed == "" && p.Key == nil:
		return builtIn, nil
	}
	return NewSource(p.Feed, p.Key)
}

// NewSource checks an address and a key. Error: ErrPolicy.
func NewSource(feed string, key []byte) (*Source, error) {
	if !secure(feed) || len(key) != ed25519.PublicKeySize {
		return nil, ErrPolicy
	}
	return &Source{feed, key}, nil
}

func secure(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil
}

// Ask fetches the feed, and gives what it says is newest, and whether that is newer than the version that runs; a version that is
// none of a release ("(devel)") is older than none. Errors: *fetch.Error, ErrFeed, ErrSignature, ErrOld.
func (s *Source) Ask(ctx context.Context, c *fetch.Client, running string, now time.Time) (Release, bool, error) {
	data, err := c.Fetch(ctx, fetch.Request{URL: s.Feed, MaxBytes: MaxFeed})
	if err != nil {
		return Release{}, false, err
	}
	return s.read(data, running, now)
}

// signed is a feed: the payload, a Release in JSON, and the signature over domain and payload.
type signed struct {
	Payload   []byte `json:"payload"`   // base64
	Signature []byte `json:"signature"` // base64, 64 bytes
}

func (s *Source) read(data []byte, running string, now time.Time) (r Release, newer bool, err error) {
	if r, err = Open(data, s.Key, now); err != nil {
		return Release{}, false, err
	}
	return r, semver.IsValid("v"+running) && semver.Compare("v"+running, "v"+r.Version) < 0, nil
}

// Open gives what a feed says if the key signed it and it is to be believed now. Errors: ErrFeed, ErrSignature, ErrOld.
func Open(feed []byte, key ed25519.PublicKey, now time.Time) (r Release, err error) {
	var f signed
	if err := json.Unmarshal(feed, &f); err != nil {
		return r, &Error{"feed", err}
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, append([]byte(domain), f.Payload...), f.Signature) {
		return r, ErrSignature
	}
	if err := json.Unmarshal(f.Payload, &r); err != nil {
		return Release{}, &Error{"feed", err}
	}
	if err := r.check(); err != nil {
		return Release{}, &Error{"feed", err}
	}
	if now.After(r.Until) {
		return Release{}, ErrOld
	}
	return r, nil
}

func (r Release) check() error {
	if !semver.IsValid("v"+r.Version) || semver.Build("v"+r.Version) != "" {
		return errors.New("no version")
	}
	if _, err := time.Parse(time.DateOnly, r.Date); err != nil {
		return err
	}
	if !secure(r.Page) {
		return errors.New("the page is no https URL")
	}
	for _, text := range r.Notes {
		if utf8.RuneCountInString(text) > maxNotes {
			return errors.New("the notes are too long")
		}
		for _, c := range text {
			if unicode.IsControl(c) && c != '\n' || unicode.Is(unicode.Cf, c) {
				return errors.New("the notes have characters that cannot be seen")
			}
		}
	}
	return nil
}

// Sign makes a feed; it is for whoever publishes. Error: ErrFeed for a release that no program would take.
func Sign(r Release, key ed25519.PrivateKey) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, &Error{"feed", err}
	}
	payload, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return json.Marshal(signed{payload, ed25519.Sign(key, append([]byte(domain), payload...))})
}
