package desk

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/anchors"
	"sealdesk/signer/fetch"
	"sealdesk/signer/revocation"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/proxy"
)

// Stamps says where the time stamps of signatures come from.
type Stamps string

// The sources of time stamps.
const (
	StampsOff      Stamps = ""
	StampsPlatform Stamps = "platform"
	StampsURL      Stamps = "url"
)

// Asking says whom the program may ask whether a certificate was revoked.
type Asking string

// The ways of asking.
const (
	AskNobody   Asking = ""
	AskPublic   Asking = "public"   // at public addresses that stand in the certificates
	AskIntranet Asking = "intranet" // and at those of private networks
)

// Settings are what the person decided about signing and verifying, and about the way to the platform. The zero value touches
// no network.
type Settings struct {
	Stamps     Stamps `json:"stamps,omitempty"`
	StampURL   string `json:"stampURL,omitempty"`   // for StampsURL
	StampRoots string `json:"stampRoots,omitempty"` // PEM: whom to trust as time-stamp authorities beside the desk's roots
	Revocation Asking `json:"revocation,omitempty"`
	// Level is what signatures with a time stamp keep for the day when nobody can be asked any more: T, LT or LTA; empty: what
	// the platform wants.
	Level signer.Level `json:"level,omitempty"`

	Proxy proxy.Way `json:"proxy,omitzero"` // to the platform and to the services

	Updates bool `json:"updates,omitempty"` // ask at the start whether there is a newer version
}

// netPatience is how long one question to a service may take before it counts as not answered.
const netPatience = 8 * time.Second

// Settings are those in force.
func (d *Desk) Settings() Settings {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.prefs.Settings
}

// ChangeSettings puts others in force, and keeps them. Errors: desk.stamp_url, desk.level_unknown, desk.roots_unreadable, proxy.ErrAddress, those of the disk; then
// the ones before stay.
func (d *Desk) ChangeSettings(s Settings) error {
	if _, err := s.check(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.prefs.Settings
	d.prefs.Settings = s
	if err := d.savePreferences(); err != nil {
		d.prefs.Settings = before
		return err
	}
	return nil
}

// check refuses settings that cannot be meant, and reads the roots.
func (s Settings) check() ([]*smx509.Certificate, error) {
	if err := s.Proxy.Check(); err != nil {
		return nil, err
	}
	if s.Stamps == StampsURL {
		u, err := url.Parse(s.StampURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
			return nil, fault("stamp_url", err, "url", s.StampURL)
		}
	}
	if s.Level != "" && !slices.Contains(stampedLevels, s.Level) {
		return nil, fault("level_unknown", nil, "level", string(s.Level))
	}
	if s.StampRoots == "" {
		return nil, nil
	}
	roots, err := anchors.Parse([]byte(s.StampRoots))
	if err != nil {
		return nil, fault("roots_unreadable", err, "file", "PEM")
	}
	return roots, nil
}

// ReadStampRoots reads a PEM file as Settings keeps it. Error: desk.roots_unreadable.
func ReadStampRoots(path string) (string, error) {
	roots, err := ReadRoots(path)
	if err != nil {
		return "", err
	}
	var out []byte
	for _, c := range roots {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return string(out), nil
}

// StampRootNames are the authorities of Settings.StampRoots by name.
func (s Settings) StampRootNames() []string {
	roots, _ := s.check() // it was checked when it was set
	var out []string
	for _, c := range roots {
		out = append(out, c.Subject.CommonName)
	}
	return out
}

// PlatformStamps tells that the platform has a time-stamp service.
func (d *Desk) PlatformStamps() bool { return d.stampsURL() != "" }

// stamper is the service of the settings; nil when signatures are not stamped.
func (d *Desk) stamper(s Settings) *tsa.Client {
	c := &tsa.Client{Roots: d.stampRoots(s), Fetcher: d.fetcher(true)}
	switch {
	case s.Stamps == StampsPlatform && d.stampsURL() != "":
		c.URL = d.stampsURL()
	case s.Stamps == StampsURL:
		c.URL = s.StampURL
	default:
		return nil
	}
	return c
}

// fetcher goes to services by way of the proxy of the settings, and believes the roots of the platform that the desk is at.
func (d *Desk) fetcher(private bool) *fetch.Client {
	return &fetch.Client{Private: private, Timeout: netPatience, Proxy: d.Proxy, RootCAs: d.webRoots()}
}

// webRoots are those of the platform that the desk is at; nil are the system's.
func (d *Desk) webRoots() *x509.CertPool {
	p, ok := d.Platform()
	if !ok {
		return nil
	}
	roots, _ := p.Pool() // they were checked when they were set; without them the system's are believed
	return roots
}

func (d *Desk) stampRoots(s Settings) []*smx509.Certificate {
	roots, _ := s.check() // it was checked when it was set; without them no authority of theirs is trusted
	return append(roots, d.cfg.Roots...)
}

// stampedLevels are those that need a time stamp.
var stampedLevels = []signer.Level{signer.LevelT, signer.LevelLT, signer.LevelLTA}

// PlatformLevel is the level that the platform wants of signatures with a time stamp.
func (d *Desk) PlatformLevel() signer.Level {
	if p, ok := d.Platform(); ok && p.Level != "" {
		return signer.Level(p.Level)
	}
	return signer.LevelT
}

// lasting has a job ask for a time stamp, and for what its signature keeps beside that, as the settings say. Signatures of
// electronic seals keep nothing more.
func (d *Desk) lasting(job *signer.Job) {
	s := d.Settings()
	if job.Stamps = d.stamper(s); job.Stamps == nil || job.Electronic != nil {
		return
	}
	if job.Level = cmp.Or(s.Level, d.PlatformLevel()); job.Level != signer.LevelT {
		job.Revocation = d.checker(s)
	}
}

// Stamped tells that signatures with pictures as seals are stamped now.
func (d *Desk) Stamped() bool { return d.stamper(d.Settings()) != nil }

// ReachStamps asks whether the time-stamp service is there, without having it stamp anything: whatever it answers, it is. Error:
// *fetch.Error, or the context's.
func (d *Desk) ReachStamps(ctx context.Context) error {
	c := d.stamper(d.Settings())
	if c == nil {
		return nil
	}
	_, err := c.Fetcher.Fetch(ctx, fetch.Request{URL: c.URL, MaxBytes: 1 << 20})
	for _, fine := range []fetch.Kind{fetch.BadStatus, fetch.BadType, fetch.TooLarge} {
		if errors.Is(err, &fetch.Error{Kind: fine}) {
			return nil
		}
	}
	return err
}

// A Stamping is a time stamp that was asked for to try a service.
type Stamping struct {
	By string // the authority's name
	At time.Time
}

// TryStamps has a service stamp something random, and judges the answer, as a signature would.
func (d *Desk) TryStamps(ctx context.Context, s Settings) (Stamping, error) {
	if _, err := s.check(); err != nil {
		return Stamping{}, err
	}
	c := d.stamper(s)
	if c == nil {
		return Stamping{}, fault("stamps_off", nil)
	}
	digest := make([]byte, 32)
	if _, err := rand.Read(digest); err != nil {
		return Stamping{}, err
	}
	token, err := c.Stamp(ctx, tsa.Imprint{Hash: "SHA256", Digest: digest})
	if err != nil {
		return Stamping{}, err
	}
	return Stamping{token.Certificate().Subject.CommonName, token.Time}, nil
}

// IsStampTrouble tells that an error is of the time-stamp service, so that signing without a stamp would do.
func IsStampTrouble(err error) bool {
	_, ofStamp := errors.AsType[*tsa.Error](err)
	_, ofNet := errors.AsType[*fetch.Error](err)
	return ofStamp || ofNet
}

// judging is how files are judged, without asking anybody.
func (d *Desk) judging() verify.Options {
	return verify.Options{Roots: d.cfg.Roots, Makers: d.cfg.Makers, StampRoots: d.stampRoots(d.Settings())}
}

// asking is judging for what a person looks at, which asks about revocation where the settings allow it.
func (d *Desk) asking() verify.Options {
	o := d.judging()
	s := d.Settings()
	if s.Revocation == AskNobody {
		return o
	}
	o.Revocation = d.checker(s)
	return o
}

// checker asks about revocation.
func (d *Desk) checker(s Settings) *revocation.Checker {
	checker := &revocation.Checker{Fetcher: d.fetcher(s.Revocation == AskIntranet)}
	// What was heard is kept while it holds; without a folder it is asked again each time.
	checker.Cache, _ = revocation.OpenCache(filepath.Join(d.cfg.Folders.Cache, "revocation"))
	return checker
}
