package verify

import (
	"bytes"
	"context"
	"crypto/x509/pkix"
	"encoding/asn1"
	"image"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/revocation"
	"sealdesk/signer/ses"
	"sealdesk/signer/tsa"
)

// revoking says that one certificate was revoked, by the name of its holder, and that the others were not.
type revoking struct {
	name string
	at   time.Time
}

func (r revoking) CheckChain(_ context.Context, chain []*smx509.Certificate) []revocation.Answer {
	var out []revocation.Answer
	for _, c := range chain[:len(chain)-1] {
		a := revocation.Answer{Status: revocation.Good}
		if c.Subject.CommonName == r.name {
			a = revocation.Answer{Status: revocation.Revoked, RevokedAt: r.at, Reason: "keyCompromise"}
		}
		out = append(out, a)
	}
	return out
}

// silent knows of nobody.
type silent struct{}

func (silent) CheckChain(_ context.Context, chain []*smx509.Certificate) []revocation.Answer {
	return slices.Repeat([]revocation.Answer{{Status: revocation.NotKnown, Why: revocation.Stale}}, len(chain)-1)
}

// TestMakersAreAskedAbout: the maker of a seal may have been revoked, as its owner.
func TestMakersAreAskedAbout(t *testing.T) {
	o := newOffice(t, nil)
	data := o.sealed(t, newPaper(t).data, sealingTime, "")
	for name, want := range map[string]Verdict{"nobody": Valid, "制章中心": Untrusted, "云溪县人民医院": Untrusted} {
		opts := o.trusting()
		opts.Revocation = revoking{name, sealingTime}
		if r := judgeWith(t, data, opts); r.Verdict != want || (want == Untrusted) != found(r, "revocation.revoked|"+name) {
			t.Errorf("%s was revoked: %s %v", name, r.Verdict, allCodes(r))
		}
	}
}

// TestSealsAreStamped: the time stamp over an electronic seal's value is judged as any other, and so is one over the document.
func TestSealsAreStamped(t *testing.T) {
	o := newOffice(t, nil)
	authority := cmstest.New(t, "sm2", cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})
	sealed := func(of func(value []byte) []byte) []byte {
		m, err := o.seal.Picture.Image()
		if err != nil {
			t.Fatal(err)
		}
		data := newPaper(t).data
		frame := pdfsig.Seal{Builder: ses.Builder{Seal: o.seal, Signer: o.Key, Certificate: o.Chain[0], Time: sealingTime}}
		frame.Stamp = func(value []byte) ([]byte, error) { return of(value), nil }
		plan, err := pdfsig.Prepare(t.Context(), bytes.NewReader(data), int64(len(data)), pdfsig.Request{Frame: frame, Time: sealingTime,
			Places: []pdfsig.Appearance{{Page: 1, Rect: pdf.Rect{100, 100, 213, 213}, Image: m.(*image.NRGBA)}}})
		if err != nil {
			t.Fatal(err)
		}
		return signed(t, plan, data)
	}
	stamped := sealingTime.Add(time.Hour)
	for _, tc := range []struct {
		name    string
		of      func(value []byte) []byte
		trusted bool
		code    string // "" where it holds
	}{
		{"stamped", func(v []byte) []byte { return stamp(t, authority, stamped, v) }, true, ""},
		{"over something else", func(v []byte) []byte { return stamp(t, authority, stamped, v[1:]) }, true, "verify.timestamp_wrong"},
		{"by nobody known", func(v []byte) []byte { return stamp(t, authority, stamped, v) }, false, "verify.timestamp_untrusted"},
	} {
		opts := o.trusting()
		if tc.trusted {
			opts.StampRoots = []*smx509.Certificate{authority.Root}
		}
		r := judgeWith(t, sealed(tc.of), opts)
		s := r.Signatures[0]
		if tc.code == "" && (!r.Valid() || s.StampedAt == nil || !s.StampedAt.Equal(stamped) || s.StampedBy != "TSA") ||
			tc.code != "" && (s.StampedAt != nil || !found(r, tc.code)) {
			t.Errorf("%s: %s %v, stamped at %v by %s", tc.name, r.Verdict, allCodes(r), s.StampedAt, s.StampedBy)
		}
	}
	data := o.sealed(t, newPaper(t).data, sealingTime, "")
	plan, err := pdfsig.Prepare(t.Context(), bytes.NewReader(data), int64(len(data)), pdfsig.Request{Frame: pdfsig.DocumentStamp{HashName: "SM3",
		Stamp: func(digest []byte) ([]byte, error) {
			return stampOf(t, authority, stamped, tsa.Imprint{Hash: "SM3", Digest: digest}), nil
		}}})
	if err != nil {
		t.Fatal(err)
	}
	data = signed(t, plan, data)
	opts := o.trusting()
	opts.StampRoots = []*smx509.Certificate{authority.Root}
	if r := judgeWith(t, data, opts); r.Signatures[0].StampedAt == nil || !r.Signatures[0].StampedAt.Equal(stamped) {
		t.Errorf("over the document: %s %v %+v", r.Verdict, allCodes(r), r.Stamps)
	}
}

// TestPoliciesAreAskedFor: a signer whose certificate was issued under other policies is told of.
func TestPoliciesAreAskedFor(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := newPaper(t)
	p.sign(buyer, signing{})
	r := verifyWith(t, p.data, Options{Now: testNow, Roots: []*smx509.Certificate{buyer.Root}, Policies: []asn1.ObjectIdentifier{{1, 2, 156, 1}}})
	if !found(r, "verify.policy_other") {
		t.Errorf("%s %v", r.Verdict, allCodes(r))
	}
}

// TestUnreadableObjects: what cannot be read in a file without a signature matters where its bytes speak of one.
func TestUnreadableObjects(t *testing.T) {
	for text, want := range map[string]Verdict{"(x": Unsigned, "<< /ByteRange (x": Invalid} {
		p := newPaper(t)
		p.update(map[int]string{50: text})
		if r := p.verify(); r.Verdict != want {
			t.Errorf("%s: %s %v", text, r.Verdict, allCodes(r))
		}
	}
}

// TestChangesAreToldInOneOrder: of several changes the same one is named each time.
func TestChangesAreToldInOneOrder(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := newPaper(t)
	p.sign(buyer, signing{})
	for _, k := range []string{"OpenAction", "Names", "AA", "Outlines", "Lang"} {
		p.root[k] = "<< >>"
	}
	p.update(map[int]string{objCatalog: p.dict(p.root)})
	for range 20 {
		if r := p.verify(buyer); !slices.Contains(changes(r), "the catalog's AA was changed") {
			t.Fatal(changes(r))
		}
	}
}
