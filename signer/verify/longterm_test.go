package verify

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/finding"
	"sealdesk/signer/revocation"
)

// stamp puts a time stamp over the document, as an honest writer does, and returns its number.
func (p *paper) stamp(by *cmstest.Party, at time.Time) int {
	p.t.Helper()
	return p.sign(by, signing{sub: "ETSI.RFC3161", padding: 12_000, value: func(covered []byte) []byte { return stamp(p.t, by, at, covered) }})
}

// signT signs with a time stamp in the signature.
func (p *paper) signT(by, authority *cmstest.Party, at time.Time, s signing) int {
	p.t.Helper()
	s.padding = 20_000
	s.contents = func(der []byte) []byte {
		sd, err := cms.Parse(der)
		if err != nil {
			p.t.Fatal(err)
		}
		if der, err = sd.AddTimeStamp(stamp(p.t, authority, at, sd.SignatureValue())); err != nil {
			p.t.Fatal(err)
		}
		return der
	}
	return p.sign(by, s)
}

// kept is what is put into a security store.
type kept struct{ certs, ocsps, crls [][]byte }

// keep appends a security store in the place of the one before.
func (p *paper) keep(k kept) {
	p.t.Helper()
	num := max(p.size, firstFree)
	objs := map[int]string{}
	list := func(ders [][]byte) string {
		var nums []int
		for _, der := range ders {
			num++
			objs[num] = stream("", string(der))
			nums = append(nums, num)
		}
		return refList(nums)
	}
	store := num
	objs[store] = fmt.Sprintf("<< /Type /DSS /Certs %s /OCSPs %s /CRLs %s >>", list(k.certs), list(k.ocsps), list(k.crls))
	p.root["DSS"] = fmt.Sprintf("%d 0 R", store)
	objs[objCatalog] = p.dict(p.root)
	p.update(objs)
}

// list is a revocation list of an issuer that holds for a day.
func list(t testing.TB, issuer *smx509.Certificate, key crypto.Signer, at time.Time, revoked ...smx509.RevocationListEntry) []byte {
	t.Helper()
	der, err := smx509.CreateRevocationList(rand.Reader, &smx509.RevocationList{Number: big.NewInt(1), ThisUpdate: at, NextUpdate: at.Add(24 * time.Hour),
		RevokedCertificateEntries: revoked}, issuer, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// lists are those of both authorities above a party.
func lists(t testing.TB, p *cmstest.Party, at time.Time, revoked ...smx509.RevocationListEntry) [][]byte {
	return [][]byte{list(t, p.Chain[1], p.IssuerKey, at, revoked...), list(t, p.Root, p.RootKey, at)}
}

func revokedEntry(c *smx509.Certificate, at time.Time) smx509.RevocationListEntry {
	return smx509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: at, ReasonCode: 1}
}

// TestLongTerm: what a file holds decides how long it can be judged, and for what it is taken then. Nobody is asked.
func TestLongTerm(t *testing.T) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 12, 0, 0, 0, time.UTC) }
	signedAt := day(2025, 6, 2)
	in2026, in2040 := day(2026, 6, 1), day(2040, 6, 1)
	for _, alg := range []string{"rsa", "ecdsa", "sm2"} {
		// The certificate ends in 2026, that of the time-stamp authority in 2030; another authority is there until 2049.
		buyer := cmstest.New(t, alg, cmstest.Options{NotAfter: day(2026, 1, 1)})
		tsa := cmstest.New(t, alg, cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}, NotAfter: day(2030, 1, 1)})
		later := cmstest.New(t, alg, cmstest.Options{Name: "TSA 2", Extensions: []pkix.Extension{cmstest.TimeStamping}, NotBefore: day(2027, 1, 1)})
		stranger := cmstest.New(t, alg, cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})
		roots := []*smx509.Certificate{buyer.Root, tsa.Root, later.Root}
		all := kept{crls: slices.Concat(lists(t, buyer, signedAt.Add(time.Hour)), lists(t, tsa, signedAt.Add(time.Hour)))}
		with := func(k kept, more ...[]byte) kept {
			return kept{certs: k.certs, ocsps: k.ocsps, crls: append(slices.Clone(k.crls), more...)}
		}
		sign := func(p *paper) { p.signT(buyer, tsa, signedAt, signing{}) }
		for _, tc := range []struct {
			name       string
			file       func(p *paper)
			now        time.Time
			verdict    Verdict
			level      string
			revocation revocation.Status
			codes      []string
			not        []string
		}{
			{"LT", func(p *paper) { sign(p); p.keep(all) }, in2026, Valid, "LT", revocation.Good, nil, []string{"verify.revocation_unknown"}},
			{"T", sign, in2026, Valid, "T", revocation.NotKnown, []string{"verify.revocation_unknown"}, nil},
			{"LTA", func(p *paper) { sign(p); p.keep(all); p.stamp(tsa, signedAt.Add(2*time.Hour)) }, in2026, Valid, "LTA", revocation.Good, nil, nil},
			{"the stamp is before the store", func(p *paper) { sign(p); p.stamp(tsa, signedAt.Add(2*time.Hour)); p.keep(all) }, in2026, Valid, "LT", revocation.Good, nil, nil},
			{"LT, and the authority's certificate ended", func(p *paper) { sign(p); p.keep(all) }, in2040, Untrusted, "B", revocation.NotKnown,
				[]string{"verify.timestamp_untrusted", "verify.certificate_expired"}, nil},
			{"LTA, and the authority's certificate ended", func(p *paper) { sign(p); p.keep(all); p.stamp(tsa, signedAt.Add(2*time.Hour)) }, in2040,
				Untrusted, "B", revocation.NotKnown, []string{"verify.timestamp_untrusted", "verify.certificate_expired"}, nil},
			{"LTA, stamped again in time", func(p *paper) {
				sign(p)
				p.keep(all)
				p.stamp(tsa, signedAt.Add(2*time.Hour))
				p.keep(with(all, lists(t, tsa, day(2028, 1, 1))...))
				p.stamp(later, day(2028, 1, 1))
			}, in2040, Valid, "LTA", revocation.Good, nil, nil},
			{"LTA, stamped again too late", func(p *paper) {
				sign(p)
				p.keep(all)
				p.stamp(tsa, signedAt.Add(2*time.Hour))
				p.stamp(later, day(2031, 1, 1))
			}, in2040, Untrusted, "T", revocation.NotKnown, []string{"verify.certificate_expired"}, nil},
			{"a stamp over the document alone", func(p *paper) { p.sign(buyer, signing{}); p.stamp(tsa, signedAt) }, in2026, Valid, "T", revocation.NotKnown, nil, nil},
			{"a stamp over the document, then the store", func(p *paper) { p.sign(buyer, signing{}); p.stamp(tsa, signedAt); p.keep(all) },
				in2026, Valid, "LT", revocation.Good, nil, nil},

			{"revoked before", func(p *paper) {
				sign(p)
				p.keep(kept{crls: slices.Concat(lists(t, buyer, signedAt.Add(time.Hour), revokedEntry(buyer.Chain[0], signedAt.Add(-time.Hour))), lists(t, tsa, signedAt))})
			}, in2026, Untrusted, "T", revocation.Revoked, []string{"revocation.revoked"}, []string{"verify.revoked_since"}},
			{"revoked before, and a good list beside", func(p *paper) {
				sign(p)
				p.keep(with(all, list(t, buyer.Chain[1], buyer.IssuerKey, signedAt, revokedEntry(buyer.Chain[0], signedAt.Add(-time.Hour)))))
			}, in2026, Untrusted, "T", revocation.Revoked, []string{"revocation.revoked"}, nil},
			{"revoked after", func(p *paper) {
				sign(p)
				p.keep(with(all, list(t, buyer.Chain[1], buyer.IssuerKey, day(2025, 8, 1), revokedEntry(buyer.Chain[0], day(2025, 7, 1)))))
			}, in2026, Valid, "LT", revocation.Good, []string{"verify.revoked_since"}, []string{"revocation.revoked"}},
			{"the authority of the stamp revoked before it is proven", func(p *paper) {
				sign(p)
				p.keep(with(all, list(t, tsa.Chain[1], tsa.IssuerKey, day(2025, 8, 1), revokedEntry(tsa.Chain[0], day(2025, 7, 1)))))
			}, in2026, Untrusted, "B", revocation.NotKnown, []string{"verify.timestamp_untrusted", "verify.certificate_expired"}, nil},
			{"the authority of the stamp revoked after it is proven", func(p *paper) {
				sign(p)
				p.keep(all)
				p.stamp(later, day(2027, 6, 1))
				p.keep(with(all, list(t, tsa.Chain[1], tsa.IssuerKey, day(2027, 8, 1), revokedEntry(tsa.Chain[0], day(2027, 7, 1)))))
				p.stamp(later, day(2027, 9, 1))
			}, day(2028, 1, 1), Valid, "LTA", revocation.Good, nil, nil},

			{"nothing about the authority above", func(p *paper) { sign(p); p.keep(kept{crls: slices.Delete(slices.Clone(all.crls), 1, 2)}) },
				in2026, Valid, "T", revocation.NotKnown, []string{"verify.revocation_unknown"}, []string{"revocation.revoked"}},
			{"nothing about the time-stamp authority", func(p *paper) { sign(p); p.keep(kept{crls: all.crls[:2]}) },
				in2026, Valid, "T", revocation.Good, []string{"verify.timestamp_revocation_unknown"}, nil},
			{"lists that ended before it signed", func(p *paper) {
				sign(p)
				p.keep(kept{crls: slices.Concat(lists(t, buyer, day(2025, 5, 1)), lists(t, tsa, signedAt))})
			}, in2026, Valid, "T", revocation.NotKnown, []string{"revocation.stale"}, nil},
			{"lists that are altered", func(p *paper) {
				sign(p)
				bad := kept{}
				for _, l := range all.crls {
					l = bytes.Clone(l)
					l[len(l)-1] ^= 1
					bad.crls = append(bad.crls, l)
				}
				p.keep(bad)
			}, in2026, Valid, "T", revocation.NotKnown, []string{"revocation.forged"}, nil},
			{"lists of strangers", func(p *paper) { sign(p); p.keep(kept{crls: lists(t, stranger, signedAt)}) }, in2026, Valid, "T", revocation.NotKnown, nil, []string{"revocation.revoked"}},
			{"lists without a stamp", func(p *paper) { p.sign(buyer, signing{}); p.keep(all) }, in2026, Untrusted, "B", revocation.NotKnown, []string{"verify.certificate_expired"}, nil},

			{"a stamp of a stranger", func(p *paper) { p.sign(buyer, signing{}); p.stamp(stranger, signedAt) }, in2026,
				Untrusted, "B", revocation.NotKnown, []string{"verify.certificate_expired"}, nil},
			{"a stamp before the certificate began", func(p *paper) { p.sign(buyer, signing{year: 2019}); p.stamp(tsa, day(2020, 1, 2)) }, day(2025, 1, 1),
				Valid, "T", revocation.NotKnown, nil, nil},
			{"a stamp that is older than the certificate", func(p *paper) {
				young := cmstest.New(t, alg, cmstest.Options{NotBefore: day(2025, 7, 1)})
				roots = append(roots, young.Root)
				p.sign(young, signing{})
				p.stamp(tsa, signedAt)
			}, in2026, Untrusted, "T", revocation.NotKnown, []string{"verify.not_valid_when_signed"}, nil},
			{"a stamp over other bytes", func(p *paper) {
				p.sign(buyer, signing{})
				p.sign(tsa, signing{sub: "ETSI.RFC3161", padding: 12_000, value: func(covered []byte) []byte { return stamp(t, tsa, signedAt, covered[1:]) }})
			}, day(2025, 7, 1), Untrusted, "B", revocation.NotKnown, []string{"verify.document_stamp_broken"}, nil},
			{"a stamp that is none", func(p *paper) {
				p.sign(buyer, signing{})
				p.sign(tsa, signing{sub: "ETSI.RFC3161", padding: 12_000})
			}, day(2025, 7, 1), Untrusted, "B", revocation.NotKnown, []string{"verify.document_stamp_broken"}, nil},
			{"a page changed beside a stamp", func(p *paper) {
				sign(p)
				p.sign(tsa, signing{sub: "ETSI.RFC3161", padding: 12_000, value: func(covered []byte) []byte { return stamp(t, tsa, signedAt, covered) },
					objects: map[int]string{objText: stream("", "BT /F1 24 Tf 72 700 Td (Pay 900 yuan) Tj ET")}})
			}, in2026, Invalid, "T", revocation.NotKnown, []string{"verify.modified"}, nil},
			{"a store that is not one", func(p *paper) {
				sign(p)
				p.root["DSS"] = "50 0 R"
				p.update(map[int]string{objCatalog: p.dict(p.root), 50: "<< /Type /DSS /Certs (x) >>"})
			}, in2026, Invalid, "T", revocation.NotKnown, []string{"verify.store_malformed", "verify.modified"}, nil},
			{"things of no store beside", func(p *paper) {
				sign(p)
				p.root["DSS"] = "50 0 R"
				p.update(map[int]string{objCatalog: p.dict(p.root), 50: "<< /Type /DSS /JS 51 0 R >>", 51: stream("", "app.alert(1)")})
			}, in2026, Invalid, "T", revocation.NotKnown, []string{"verify.modified"}, nil},
		} {
			t.Run(alg+" "+tc.name, func(t *testing.T) {
				p := newPaper(t)
				tc.file(p)
				r := verifyWith(t, p.data, Options{Now: tc.now, Roots: roots})
				s := r.Signatures[0]
				got := allCodes(r)
				if r.Verdict != tc.verdict || s.Level != tc.level || s.Revocation != tc.revocation || len(r.Signatures) != 1 {
					t.Errorf("%s, level %s, revocation %s, %d signatures: %v; changes %v", r.Verdict, s.Level, s.Revocation, len(r.Signatures), got, changes(r))
				}
				for _, c := range tc.codes {
					if !slices.Contains(got, c) {
						t.Errorf("no %s among %v", c, got)
					}
				}
				for _, c := range tc.not {
					if slices.Contains(got, c) {
						t.Errorf("%s among %v", c, got)
					}
				}
			})
		}
	}
}

// TestDocumentStamps: a time stamp over the document is told as what it is: by whom, when, over what. It is nobody's
// signature, and a file with nothing else is unsigned.
func TestDocumentStamps(t *testing.T) {
	authority := cmstest.New(t, "ecdsa", cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})
	p := newPaper(t)
	p.stamp(authority, year(2025))
	r := p.verify(authority)
	if r.Verdict != Unsigned || len(r.Signatures) != 0 || len(r.Stamps) != 1 || len(r.Findings) != 0 {
		t.Fatalf("%s: %+v", r.Verdict, r)
	}
	s := r.Stamps[0]
	if s.Verdict != Valid || s.By != "TSA" || !s.At.Equal(year(2025)) || !s.CoversWholeFile || s.Algorithm != "ECDSA-SHA256" || len(s.Findings) != 0 {
		t.Errorf("%+v", s)
	}
	asked := verifyWith(t, p.data, Options{Now: testNow, Roots: []*smx509.Certificate{authority.Root}, Revocation: silent{}})
	if s := asked.Stamps[0]; !s.Findings.Has("revocation.stale") {
		t.Errorf("whose revocation is not known: %+v", s)
	}
	if s := p.verify().Stamps[0]; s.Verdict != Untrusted || s.Findings[0].Code != "verify.document_stamp_untrusted" {
		t.Errorf("untrusted: %+v", s)
	}
	q := p.clone()
	q.update(map[int]string{objText: stream("", "BT /F1 24 Tf 72 700 Td (Pay 900 yuan) Tj ET")})
	if s := q.verify(authority).Stamps[0]; s.Verdict != Invalid || s.CoversWholeFile || !s.Findings.Has("verify.modified") {
		t.Errorf("changed since: %+v", s)
	}
	q = p.clone()
	q.data[bytes.Index(q.data, []byte("Pay 100"))+4] = '9'
	if r := q.verify(authority); r.Stamps[0].Verdict != Invalid || !r.Findings.Has("verify.document_stamp_broken") {
		t.Errorf("altered: %+v", r)
	}
}

// TestStampsUnderCertification: even where a certification lets nothing follow, validation data and time stamps may
// (ISO 32000-2, 12.8.2.2), and nothing beside them.
func TestStampsUnderCertification(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	authority := cmstest.New(t, "ecdsa", cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})
	base := newPaper(t)
	base.signT(buyer, authority, year(2025).Add(24*time.Hour), signing{root: map[string]string{"Perms": "<< /DocMDP SIG 0 R >>"},
		sig: "/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P 1 /V /1.2 >> >>]"})
	base.keep(kept{crls: slices.Concat(lists(t, buyer, year(2025).Add(25*time.Hour)), lists(t, authority, year(2025).Add(25*time.Hour)))})
	base.stamp(authority, year(2025).Add(48*time.Hour))
	if r := base.verify(buyer, authority); !r.Valid() || r.Signatures[0].Level != "LTA" || r.Signatures[0].Certifies != 1 {
		t.Errorf("%s, level %s: %v", r.Verdict, r.Signatures[0].Level, allCodes(r))
	}
	for name, follow := range map[string]func(p *paper){
		"a signature": func(p *paper) { p.sign(buyer, signing{}) },
		"metadata":    func(p *paper) { p.update(map[int]string{objInfo: "<< /Title (x) >>"}) },
		"metadata beside validation data": func(p *paper) {
			p.root["Lang"] = "(en)"
			p.keep(kept{})
		},
	} {
		p := base.clone()
		follow(p)
		if r := p.verify(buyer, authority); r.Verdict != Invalid {
			t.Errorf("%s: %s, %v", name, r.Verdict, allCodes(r))
		}
	}
}

// TestStoreBounds: a store is read and judged so far and no further, whatever it holds, and its excess is told.
func TestStoreBounds(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	authority := cmstest.New(t, "ecdsa", cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})
	at := year(2025).Add(24 * time.Hour)
	good := slices.Concat(lists(t, buyer, at), lists(t, authority, at))
	for name, tc := range map[string]struct {
		store kept
		level string
		code  string
	}{
		"10,000 lists":                     {kept{crls: numbered(list(t, buyer.Chain[1], buyer.IssuerKey, at), 10_000)}, "T", "verify.store_too_large"},
		"10,000 lists after the good ones": {kept{crls: append(slices.Clone(good), numbered(good[0], 10_000)...)}, "LT", "verify.store_too_large"},
		"10,000 answers":                   {kept{ocsps: numbered([]byte{0x30, 0}, 10_000), crls: good}, "LT", "verify.store_too_large"},
		"10,000 certificates":              {kept{certs: numbered(buyer.Root.Raw, 10_000), crls: good}, "LT", "verify.store_too_large"},
		"a certificate too long":           {kept{certs: [][]byte{make([]byte, 100<<10)}, crls: good}, "LT", "verify.store_too_large"},
		"certificates in a circle":         {kept{certs: circle(t), crls: good}, "LT", ""},
		"rubbish":                          {kept{certs: [][]byte{{1}}, ocsps: [][]byte{{2}}, crls: append(slices.Clone(good), []byte{3})}, "LT", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPaper(t)
			p.signT(buyer, authority, at, signing{})
			p.keep(tc.store)
			start := time.Now()
			r := p.verify(buyer, authority)
			if r.Signatures[0].Level != tc.level || tc.code != "" && !r.Findings.Has(tc.code) || tc.code == "" && len(r.Findings) != 0 || !r.Valid() {
				t.Errorf("%s, level %s: %v", r.Verdict, r.Signatures[0].Level, allCodes(r))
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			for _, f := range r.Findings {
				if f.Severity != finding.Note {
					t.Errorf("%s is no note", f.Code)
				}
			}
		})
	}
}

// numbered are many that differ at their end, so that none is there twice.
func numbered(der []byte, n int) [][]byte {
	var out [][]byte
	for i := range n {
		out = append(out, fmt.Appendf(bytes.Clone(der), "%05d", i))
	}
	return out
}

// circle is two authorities that issued each other.
func circle(t *testing.T) [][]byte {
	t.Helper()
	a, b := cmstest.New(t, "ecdsa", cmstest.Options{Name: "A"}), cmstest.New(t, "ecdsa", cmstest.Options{Name: "B"})
	cross := func(subject, issuer *cmstest.Party) []byte {
		template := *subject.Root
		template.SerialNumber = big.NewInt(77)
		der, err := smx509.CreateCertificate(rand.Reader, &template, issuer.Root, subject.RootKey.Public(), issuer.RootKey)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	return [][]byte{cross(a, b), cross(b, a), a.Root.Raw, b.Root.Raw}
}
