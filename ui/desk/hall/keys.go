package hall

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/signer/bid"
	"sealdesk/token"
)

// A Holder is whose a certificate is.
type Holder struct {
	Name   string
	USCC   string // 统一社会信用代码
	Person string // who handles it (经办人)
}

// A Key is a token in a port with what it tells before any PIN.
type Key struct {
	URI      string
	Label    string
	Holder   Holder
	Tries    int // left; -1 when the key does not tell
	FewTries bool
	Locked   bool
	PINPad   bool // the PIN is entered on the key itself

	certs []*smx509.Certificate // whose private keys are there
}

// Serials are those of its certificates for encryption.
func (k Key) Serials() []string {
	var out []string
	for _, c := range k.certs {
		if token.UsageOf(c) != token.UsageSign {
			out = append(out, bid.Serial(c))
		}
	}
	return out
}

// opens finds the certificate with the key that opens a bid. It goes by the serial number and the issuer: a certificate that is
// expired, or was replaced by a newer one, is found as well.
func (k Key) opens(b platformapi.Bid) *smx509.Certificate {
	for _, c := range k.certs {
		if slices.ContainsFunc(b.Recipients, func(r platformapi.BidCertificate) bool { return names(r, c) }) {
			return c
		}
	}
	return nil
}

// names tells whether it is this certificate that a manifest names.
func names(r platformapi.BidCertificate, c *smx509.Certificate) bool {
	if r.Serial != bid.Serial(c) {
		return false
	}
	if r.Digest == "" {
		return r.Issuer == c.Issuer.String()
	}
	gm, intl := sm3.Sum(c.Raw), sha256.Sum256(c.Raw) // the bid's hash is either
	return r.Digest == hex.EncodeToString(gm[:]) || r.Digest == hex.EncodeToString(intl[:])
}

// A Seat is a key with the bid that it opens.
type Seat struct {
	Key     Key
	Bid     platformapi.Bid
	Expired time.Time // when the certificate ended, if it has; it decrypts all the same
	Needed  string    // its serial number
}

// seat finds the bid that a key is for. Errors: *Error of Kind WrongCertificate, Replaced, Stranger or Unannounced; those of Takes.
func (v View) seat(k Key) (Seat, error) {
	var failed error
	var closed platformapi.Bid
	for _, b := range v.Bids {
		if v.Tender.MyRole == platformapi.TenderBidder && b.ID != v.Tender.MyBidID {
			continue
		}
		c := k.opens(b)
		if c == nil {
			continue
		}
		if err := v.Takes(b); err != nil {
			failed, closed = err, b
			continue
		}
		s := Seat{Key: k, Bid: b, Needed: bid.Serial(c)}
		if v.Now().After(c.NotAfter) {
			s.Expired = c.NotAfter
		}
		return s, nil
	}
	if failed != nil {
		return Seat{Key: k, Bid: closed}, failed
	}
	for _, b := range v.Bids {
		if k.Holder.USCC == "" || b.Bidder.USCC != k.Holder.USCC {
			continue
		}
		if b.State == platformapi.BidDecrypted {
			return Seat{Key: k, Bid: b}, &Error{Kind: AlreadyOpen, Bidder: b.Bidder.Name}
		}
		return Seat{Key: k, Bid: b}, v.misfit(k, b)
	}
	if v.Step() == StepSignIn {
		return Seat{Key: k}, &Error{Kind: Unannounced, Bidder: k.Holder.Name}
	}
	return Seat{Key: k}, &Error{Kind: Stranger, Bidder: k.Holder.Name, Found: k.Serials()}
}

// misfit says how a bidder's own key is not the one that opens its bid.
func (v View) misfit(k Key, b platformapi.Bid) *Error {
	e := &Error{Kind: WrongCertificate, Bidder: b.Bidder.Name, Found: k.Serials()}
	for _, r := range b.Recipients {
		e.Needed = append(e.Needed, r.Serial)
	}
	for _, c := range k.certs {
		if token.UsageOf(c) != token.UsageSign && c.NotBefore.After(b.BegunAt) {
			e.Kind = Replaced
		}
	}
	return e
}

// inPort is a token in a port with what was read from it; ids are the identities of key.certs.
type inPort struct {
	token.Token
	key Key
	ids []token.Identity
}

// ports looks at all tokens that are present, in the order of the drivers. owner tells whose a certificate is. Tokens that answer are
// given even when another driver fails. The caller closes them.
func ports(ctx context.Context, drivers []token.Driver, owner func(*smx509.Certificate) Holder) ([]inPort, error) {
	var found []inPort
	var errs []error
	for _, d := range drivers {
		tokens, err := d.Tokens(ctx)
		errs = append(errs, err)
		for _, t := range tokens {
			p, err := lookAt(ctx, t, owner)
			if err != nil {
				errs = append(errs, err, t.Close())
				continue
			}
			found = append(found, p)
		}
	}
	return found, errors.Join(errs...)
}

func lookAt(ctx context.Context, t token.Token, owner func(*smx509.Certificate) Holder) (inPort, error) {
	info, err := t.Info(ctx)
	if err != nil {
		return inPort{}, err
	}
	ids, err := t.Identities(ctx)
	if err != nil {
		return inPort{}, err
	}
	k := Key{URI: info.URI, Label: info.Label, Tries: info.PIN.Tries, Locked: info.PIN.Locked, PINPad: info.PIN.ProtectedPath,
		FewTries: info.PIN.Low || info.PIN.Tries >= 0 && info.PIN.Max > 0 && info.PIN.Tries < info.PIN.Max}
	p := inPort{Token: t}
	for _, id := range ids {
		if h, ok := id.(token.KeyHolder); ok && !h.HasPrivateKey() {
			continue
		}
		k.certs, p.ids = append(k.certs, id.Certificate()), append(p.ids, id)
		if h := owner(id.Certificate()); k.Holder.USCC == "" && h.Name != "" {
			k.Holder = h
		}
	}
	p.key = k
	return p, nil
}

func closeAll(all []inPort) {
	for _, p := range all {
		_ = p.Close()
	}
}
