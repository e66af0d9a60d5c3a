package tsa

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
)

// Pair is a key with its certificate, which its issuers follow. The root may be left out.
type Pair struct {
	Key   crypto.Signer
	Chain []*smx509.Certificate
}

// Authority makes time stamps. It may be used from several goroutines.
type Authority struct {
	policy   asn1.ObjectIdentifier
	accuracy time.Duration
	now      func() time.Time
	pairs    []signing

	mu   sync.Mutex
	last time.Time
}

type signing struct {
	Pair
	sm bool // signs with SM2
}

// AuthorityConfig says what an Authority states and with which keys.
type AuthorityConfig struct {
	// Pairs holds a key each of the algorithms that are offered. A digest of SM3 is
	// stamped by an SM2 key, any other by a key of another kind, where there is one;
	// else by the first.
	Pairs    []Pair
	Policy   asn1.ObjectIdentifier
	Accuracy time.Duration    // stated, from a microsecond up; 0: not stated
	Now      func() time.Time // nil: time.Now
}

// NewAuthority refuses certificates that are not meant for time stamps alone.
func NewAuthority(c AuthorityConfig) (*Authority, error) {
	if len(c.Pairs) == 0 || len(c.Policy) == 0 {
		return nil, errors.New("tsa: an authority needs a key and a policy")
	}
	a := &Authority{policy: slices.Clone(c.Policy), accuracy: c.Accuracy, now: c.Now}
	if a.now == nil {
		a.now = time.Now
	}
	for _, p := range c.Pairs {
		if _, err := (cms.Builder{Signer: p.Key, Chain: p.Chain}).Hash(); err != nil {
			return nil, asError(err)
		}
		if !forTimeStamps(p.Chain[0]) {
			return nil, fail(WrongUsage, "the certificate of %q is not meant for time stamps alone", p.Chain[0].Subject.CommonName)
		}
		a.pairs = append(a.pairs, signing{p, isSM2(p.Key.Public())})
	}
	return a, nil
}

// Stamp answers a request (RFC 3161, 2.4): both are DER. A request that cannot be
// granted is answered too, with the reason; an error means that there is no answer.
func (a *Authority) Stamp(ctx context.Context, request []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := ParseRequest(request)
	if err != nil {
		return rejected(reason(err))
	}
	if r.Policy != nil && !r.Policy.Equal(a.policy) {
		return rejected(unacceptedPolicy)
	}
	at, ok := a.tick()
	if !ok {
		return rejected(timeNotAvailable)
	}
	serial, err := newSerial(at)
	if err != nil {
		return nil, err
	}
	info, err := Info{Imprint: r.Imprint, Policy: a.policy, Serial: serial, Time: at, Accuracy: a.accuracy, Nonce: r.Nonce}.marshal()
	if err != nil {
		return nil, fmt.Errorf("tsa: %w", err)
	}
	p := a.pairFor(r.Hash)
	token, err := cms.Builder{Signer: p.Key, Chain: p.Chain, OmitCertificates: !r.Certificates}.SignAttached(oidTSTInfo, info)
	if err != nil {
		return nil, fmt.Errorf("tsa: %w", err)
	}
	return granted(token)
}

// reason is how a request's fault is told to who sent it.
func reason(err error) failure {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return systemFailure
	case e.Kind == WeakAlgorithm || e.Kind == UnsupportedAlgorithm:
		return badAlg
	case e.Kind == UnknownExtension:
		return unacceptedExtension
	}
	return badDataFormat
}

// tick reads the clock. A clock that went back is not to be relied on until it has
// caught up: no time stamp may seem to be older than one that was made before it.
func (a *Authority) tick() (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now().UTC().Truncate(time.Millisecond)
	if now.Before(a.last) {
		return time.Time{}, false
	}
	a.last = now
	return now, true
}

func (a *Authority) pairFor(hash string) signing {
	i := slices.IndexFunc(a.pairs, func(p signing) bool { return p.sm == (hash == "SM3") })
	return a.pairs[max(i, 0)]
}

// newSerial never gives the same number twice, whenever the authority was started:
// the time in milliseconds is followed by 80 random bits.
func newSerial(at time.Time) (*big.Int, error) {
	const randomBits = 80
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), randomBits))
	if err != nil {
		return nil, err
	}
	return n.Add(n, new(big.Int).Lsh(big.NewInt(at.UnixMilli()), randomBits)), nil
}
