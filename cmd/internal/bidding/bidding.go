package bidding

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platform/tenders"
	"sealdesk/signer/bid"
	"sealdesk/signer/finding"
	"sealdesk/signer/verify"
)

// Key is one of the platform's keys for bids, with its encryption certificate.
type Key struct {
	Certificate *smx509.Certificate
	Decrypter   crypto.Decrypter
}

// Bidding implements tenders.Bidding.
type Bidding struct {
	keys    func() ([]Key, error)
	trusted []*smx509.Certificate // of bidders and hosts
}

var _ tenders.Bidding = (*Bidding)(nil)

// New takes the platform's keys, the current one of an algorithm before those that older bids were made for, and the roots of
// bidders' and hosts' certificates.
func New(keys []Key, roots []*smx509.Certificate) *Bidding {
	keys = slices.Clone(keys)
	return Late(func() ([]Key, error) { return keys, nil }, roots)
}

// Late is New for keys that are made, or read, when they are first needed.
func Late(keys func() ([]Key, error), roots []*smx509.Certificate) *Bidding {
	return &Bidding{keys: sync.OnceValues(keys), trusted: slices.Clone(roots)}
}

func algorithm(c *smx509.Certificate) platformapi.PlatformCertificateAlgorithm {
	if _, ok := c.PublicKey.(*rsa.PublicKey); ok {
		return platformapi.BidRSA
	}
	return platformapi.BidSM2
}

// Certificates are the current ones.
func (b *Bidding) Certificates() []platformapi.PlatformCertificate {
	list := []platformapi.PlatformCertificate{}
	keys, _ := b.keys() // without keys there are none
	for _, k := range keys {
		a := algorithm(k.Certificate)
		if slices.ContainsFunc(list, func(c platformapi.PlatformCertificate) bool { return c.Algorithm == a }) {
			continue
		}
		list = append(list, platformapi.PlatformCertificate{
			Algorithm: a, SHA256: digest(k.Certificate), Certificate: k.Certificate.Raw, Serial: bid.Serial(k.Certificate), NotAfter: k.Certificate.NotAfter,
		})
	}
	return list
}

func digest(c *smx509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// Outline reads what a tender asks for.
func (b *Bidding) Outline(data []byte) (tenders.Outline, error) {
	o, err := bid.ReadOutline(bytes.NewReader(data))
	if err != nil {
		return tenders.Outline{}, err
	}
	out := tenders.Outline{Tender: o.Tender, Lot: o.Lot, Envelopes: []string{}, Fields: []string{}}
	add := func(name string) {
		if name != "" && !slices.Contains(out.Envelopes, name) {
			out.Envelopes = append(out.Envelopes, name)
		}
	}
	for _, p := range o.Parts {
		add(p.Envelope)
	}
	if o.Price != nil {
		add(o.Price.Envelope)
		for _, f := range o.Price.Fields {
			out.Fields = append(out.Fields, f.Name)
		}
	}
	return out, nil
}

// Judge judges a bid without opening it.
func (b *Bidding) Judge(ctx context.Context, r io.ReaderAt, size int64, outline []byte) (tenders.Facts, error) {
	var facts tenders.Facts
	o, err := bid.ReadOutline(bytes.NewReader(outline))
	if err != nil {
		return facts, err
	}
	keys, err := b.keys()
	if err != nil {
		return facts, err
	}
	f, err := open(r, size)
	if err != nil {
		return facts, err
	}
	report, err := f.Verify(ctx, b.options(), nil)
	if err != nil {
		return facts, err
	}
	m := f.Manifest()
	facts = tenders.Facts{
		Tender: m.Tender, Lot: m.Lot, Outline: m.Outline, Bidder: m.Bidder.Code, Signature: fact(report.Signature),
		Cipher: string(m.Cipher), Signer: named(m.Signer), Platform: named(m.Platform), Ours: ours(f, m, certificates(keys)),
	}
	if len(report.Damage) > 0 {
		facts.Damage = report.Damage[0].Error()
	}
	for _, x := range o.CheckManifest(m) {
		switch x.Code {
		case "bid.other_lot", "bid.other_outline": // which the platform compares itself
		case "bid.seal_missing":
			facts.Unsealed = append(facts.Unsealed, fmt.Sprint(x.Params["part"]))
		default:
			facts.Lacks = append(facts.Lacks, x.Code)
		}
	}
	for _, e := range m.Envelopes {
		facts.Envelopes = append(facts.Envelopes, e.Name)
		if !f.Closed(e.Name) {
			facts.Unsealed = append(facts.Unsealed, e.Name)
		}
	}
	if len(m.Envelopes) == 0 {
		facts.Unsealed = append(facts.Unsealed, "all parts")
	}
	for _, c := range m.Recipients {
		facts.Recipients = append(facts.Recipients, named(c))
	}
	for _, p := range m.Parts {
		if p.Kind != bid.KindOpening {
			facts.Parts = append(facts.Parts, platformapi.BidPart{Code: p.Code, Kind: p.Kind, Name: p.Name, Size: p.Size, Envelope: p.Envelope})
		}
	}
	return facts, nil
}

// ours says whether all envelopes are for one of the platform's certificates, which the bidder signed for.
func ours(f *bid.Bid, m *bid.Manifest, mine []*smx509.Certificate) bool {
	for _, e := range m.Envelopes {
		c, err := f.Find(e.Name, mine)
		if err != nil || bid.Serial(c) != m.Platform.Serial {
			return false
		}
	}
	return true
}

func certificates(keys []Key) []*smx509.Certificate {
	var list []*smx509.Certificate
	for _, k := range keys {
		list = append(list, k.Certificate)
	}
	return list
}

func (b *Bidding) options() verify.Options { return verify.Options{Roots: b.trusted, Now: time.Now()} }

func named(c bid.Certificate) platformapi.BidCertificate {
	return platformapi.BidCertificate{Issuer: c.Issuer, Serial: c.Serial, Digest: c.Digest}
}

// fact says what the platform must know of a signature. That a bid's contents are damaged is told apart.
func fact(s verify.Signature) tenders.Signature {
	f := tenders.Signature{Intact: s.Intact && s.Verdict != finding.Invalid, Trusted: s.Verdict == finding.Valid}
	if s.Certificate != nil {
		f.USCC = platform.OrganisationCode(s.Certificate)
	}
	return f
}

// open reads a bid's frame.
func open(r io.ReaderAt, size int64) (*bid.Bid, error) {
	f, err := bid.Open(r, size)
	return f, blame(err)
}

// blame says what a bid's error means to the platform. What does not concern the bid stays as it is.
func blame(err error) error {
	var e *bid.Error
	if !errors.As(err, &e) {
		return err
	}
	f := &tenders.Fault{Gate: platformapi.CodeBidFormat, Cause: platformapi.CauseFileDamaged, Detail: e.Error(), Err: err}
	switch e.Kind {
	case bid.InputUnreadable:
		return err
	case bid.NotABid:
		f.Gate = platformapi.CodeBidNotEncrypted
	case bid.WrongKey, bid.NoKey:
		f.Cause = platformapi.CauseWrongSecret
	case bid.PriceMismatch:
		f.Cause = platformapi.CausePriceMismatch
	case bid.NotAuthentic:
		f.Cause = platformapi.CauseNotAuthentic
	}
	return f
}

// Uncover takes the platform's layer off.
func (b *Bidding) Uncover(_ context.Context, r io.ReaderAt, size int64, envelopes []string) (map[string][]byte, error) {
	keys, err := b.keys()
	if err != nil {
		return nil, err
	}
	f, err := open(r, size)
	if err != nil {
		return nil, err
	}
	inner := map[string][]byte{}
	for _, name := range envelopes {
		c, err := f.Find(name, certificates(keys))
		if err == nil {
			i := slices.IndexFunc(keys, func(k Key) bool { return k.Certificate == c })
			inner[name], err = f.OpenOuter(name, bid.Key{Certificate: c, Decrypter: keys[i].Decrypter})
		}
		if err != nil {
			return nil, &tenders.Fault{Cause: platformapi.CauseOuterClosed, Detail: err.Error(), Err: err}
		}
	}
	return inner, nil
}

// opened are a bid's envelopes that were opened by their secrets.
type opened []*bid.Opened

func (all opened) forget() {
	for _, o := range all {
		o.Forget()
	}
}

// openAll opens envelopes. What it gives must be forgotten.
func openAll(f *bid.Bid, secrets map[string][]byte) (opened, error) {
	var all opened
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		o, err := f.OpenSecret(name, secrets[name])
		if err != nil {
			all.forget()
			return nil, &tenders.Fault{Cause: platformapi.CauseWrongSecret, Detail: err.Error(), Err: err}
		}
		all = append(all, o)
	}
	return all, nil
}

// Open opens envelopes and holds what is in them to what was signed.
func (b *Bidding) Open(ctx context.Context, r io.ReaderAt, size int64, secrets map[string][]byte) ([]platformapi.PriceField, error) {
	f, err := open(r, size)
	if err != nil {
		return nil, err
	}
	all, err := openAll(f, secrets)
	if err != nil {
		return nil, err
	}
	defer all.forget()
	report, err := f.Verify(ctx, b.options(), nil)
	if err != nil {
		return nil, err
	}
	if len(report.Damage) > 0 {
		return nil, blame(report.Damage[0])
	}
	var fields []platformapi.PriceField
	for _, o := range all {
		price, err := o.Price()
		if errors.Is(err, &bid.Error{Kind: bid.NoPrice}) {
			continue
		}
		if err != nil {
			return nil, blame(err)
		}
		for _, x := range price.Fields {
			fields = append(fields, platformapi.PriceField{Name: x.Name, Value: x.Value, Capitals: x.Capitals})
		}
	}
	return fields, nil
}

// Part reads a part.
func (b *Bidding) Part(_ context.Context, r io.ReaderAt, size int64, code string, secrets map[string][]byte) (io.Reader, error) {
	f, err := open(r, size)
	if err != nil {
		return nil, err
	}
	p, ok := f.Manifest().Part(code)
	if !ok {
		return nil, &tenders.Fault{Cause: platformapi.CauseFileDamaged, Detail: "there is no such part"}
	}
	var part *bid.Reader
	if !p.Sealed() {
		part, err = f.Part(code)
	} else {
		var o *bid.Opened
		if o, err = f.OpenSecret(p.Envelope, secrets[p.Envelope]); err == nil {
			defer o.Forget()
			part, err = o.Part(code)
		}
	}
	if err != nil {
		return nil, blame(err)
	}
	return io.NewSectionReader(part, 0, part.Size()), nil
}

// Signature judges a detached signature.
func (b *Bidding) Signature(ctx context.Context, signature, content []byte) (tenders.Signature, error) {
	report, err := verify.Detached(ctx, signature, bytes.NewReader(content), int64(len(content)), b.options())
	if err != nil || len(report.Signatures) == 0 {
		return tenders.Signature{}, err
	}
	return fact(report.Signatures[0]), nil
}
