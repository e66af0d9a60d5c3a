package ca

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
)

// maxLedger in bytes is far more certificates than a demonstration issues.
const maxLedger = 64 << 20

// ErrNotIssued: the certificate is not one of this authority's.
var ErrNotIssued = token.NewError("token.ca_not_issued", "the certificate authority did not issue this certificate")

// Reason is why a certificate is revoked: CRLReason of RFC 5280, 5.3.1.
type Reason int

// The reasons that fit a certificate of an organisation.
const (
	Unspecified          Reason = 0
	KeyCompromise        Reason = 1
	AffiliationChanged   Reason = 3
	Superseded           Reason = 4
	CessationOfOperation Reason = 5
)

// record is one line of the ledger: a certificate was issued, or revoked.
type record struct {
	Issuer  Algorithm  `json:"issuer"`
	Serial  string     `json:"serial"` // hexadecimal
	Revoked *time.Time `json:"revoked,omitempty"`
	Reason  Reason     `json:"reason,omitempty"`
}

// ledger keeps what was issued and revoked. Several programs may have the same file:
// a line is appended at once, and what others appended is read before answering.
type ledger struct {
	path string // "" keeps it in memory only

	mu    sync.Mutex
	read  int64 // bytes of the file that were taken in
	known map[record]*record
}

func newLedger(path string) *ledger { return &ledger{path: path, known: map[record]*record{}} }

func (l *ledger) add(r record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.path == "" {
		l.take(r)
		return nil
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// The line feed in front parts it from a line that a crash cut off.
	_, err = f.Write(append(append([]byte("\n"), line...), '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// take enters a record. A certificate that was revoked stays so, since its first revocation.
func (l *ledger) take(r record) {
	key := record{Issuer: r.Issuer, Serial: r.Serial}
	switch known := l.known[key]; {
	case known == nil:
		l.known[key] = &r
	case known.Revoked == nil:
		known.Revoked, known.Reason = r.Revoked, r.Reason
	}
}

// refresh takes in what was appended to the file.
func (l *ledger) refresh() error {
	if l.path == "" {
		return nil
	}
	f, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.NewSectionReader(f, l.read, maxLedger))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	for {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			return nil // being written
		}
		if bytes.HasSuffix(line, []byte("}")) { // another one was cut off by a crash, before it counted
			var r record
			if err := json.Unmarshal(line, &r); err != nil {
				return fmt.Errorf("%w: %w", ErrDamaged, err) // and so it is the next time
			}
			l.take(r)
		}
		l.read += int64(len(line)) + 1
		data = rest
	}
}

// find returns what is known of a certificate, nil for one that was not issued.
func (l *ledger) find(issuer Algorithm, serial *big.Int) (*record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refresh(); err != nil {
		return nil, err
	}
	r := l.known[record{Issuer: issuer, Serial: serial.Text(16)}]
	if r == nil {
		return nil, nil
	}
	found := *r
	return &found, nil
}

// revoked lists the revoked certificates of one root.
func (l *ledger) revoked(issuer Algorithm) ([]record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refresh(); err != nil {
		return nil, err
	}
	var out []record
	for _, r := range l.known {
		if r.Issuer == issuer && r.Revoked != nil {
			out = append(out, *r)
		}
	}
	return out, nil
}

// Revoke takes a certificate back from the moment at. One that was revoked before
// stays as it was. Error: ErrNotIssued.
func (a *Authority) Revoke(cert *smx509.Certificate, reason Reason, at time.Time) error {
	alg, err := a.issuerOf(cert)
	if err != nil {
		return err
	}
	r, err := a.ledger.find(alg, cert.SerialNumber)
	if err != nil {
		return err
	}
	if r == nil {
		return ErrNotIssued
	}
	at = at.UTC().Truncate(time.Second)
	return a.ledger.add(record{Issuer: alg, Serial: r.Serial, Revoked: &at, Reason: reason})
}

func (a *Authority) issuerOf(cert *smx509.Certificate) (Algorithm, error) {
	for alg, r := range a.roots {
		if cert.CheckSignatureFrom(r.cert) == nil {
			return alg, nil
		}
	}
	return "", ErrNotIssued
}
