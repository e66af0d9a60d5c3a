package tsa

import (
	"context"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/fetch"
)

// Skew is how far an authority's time may be from this machine's, beside the
// accuracy that it states.
const Skew = 5 * time.Minute

// nonceBits makes it hopeless to have an answer ready; more than 64 are refused by
// authorities that keep them in a word.
const nonceBits = 64

// Fetcher asks over HTTP; *fetch.Client is one.
type Fetcher interface {
	Fetch(ctx context.Context, q fetch.Request) ([]byte, error)
}

// Client asks one authority.
type Client struct {
	URL    string                // http or https
	Policy asn1.ObjectIdentifier // to ask for; nil: the authority's own
	Roots  []*smx509.Certificate // that the authority's certificate must lead to
	// Fetcher goes to the authority; nil: a fetch.Client that may go to private
	// addresses, since a person chose this one.
	Fetcher Fetcher
	Now     func() time.Time // nil: time.Now
}

// Stamp asks for a time stamp over the imprint and judges it. Errors are of type
// *Error, or those of fetching, wrapped.
func (c *Client) Stamp(ctx context.Context, m Imprint) (*Token, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), nonceBits))
	if err != nil {
		return nil, err
	}
	request := Request{Imprint: m, Policy: c.Policy, Nonce: nonce, Certificates: true}
	query, err := request.Marshal()
	if err != nil {
		return nil, err
	}
	fetcher := c.Fetcher
	if fetcher == nil {
		fetcher = &fetch.Client{Private: true}
	}
	answer, err := fetcher.Fetch(ctx, fetch.Request{URL: c.URL, Body: query, ContentType: RequestType,
		Accept: AnswerType, Strict: true, MaxBytes: MaxAnswer})
	if err != nil {
		return nil, fmt.Errorf("tsa: ask: %w", err)
	}
	der, err := readAnswer(answer)
	if err != nil {
		return nil, err
	}
	token, err := ParseToken(der)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if c.Now != nil {
		now = c.Now()
	}
	if err := c.judge(token, request, now); err != nil {
		return nil, err
	}
	return token, nil
}

func (c *Client) judge(t *Token, r Request, now time.Time) error {
	if t.Hash != r.Hash {
		return fail(ImprintMismatch, "the time stamp is over a digest of another kind")
	}
	if err := t.Check(r.Digest); err != nil {
		return err
	}
	if t.Nonce == nil || t.Nonce.Cmp(r.Nonce) != 0 {
		return fail(NonceMismatch, "the time stamp is the answer to another question")
	}
	if r.Policy != nil && !t.Policy.Equal(r.Policy) {
		return fail(PolicyMismatch, "the time stamp is under policy %v, not %v", t.Policy, r.Policy)
	}
	if off := t.Time.Sub(now).Abs(); off > Skew+t.Accuracy {
		return fail(ClockDiffers, "the authority's time differs from this machine's by %s", off.Round(time.Second))
	}
	_, err := t.Trust(c.Roots, nil, now)
	return err
}
