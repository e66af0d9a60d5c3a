package verify

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/tsa"
)

// stamp asks an authority, whose clock stands at a time, for a token over data.
func stamp(t testing.TB, by *cmstest.Party, at time.Time, data []byte) []byte {
	t.Helper()
	return stampOf(t, by, at, tsa.ImprintFor(by.Key.Public(), data))
}

// stampOf does so for an imprint.
func stampOf(t testing.TB, by *cmstest.Party, at time.Time, imprint tsa.Imprint) []byte {
	t.Helper()
	a, err := tsa.NewAuthority(tsa.AuthorityConfig{Pairs: []tsa.Pair{{Key: by.Key, Chain: by.Chain}},
		Policy: asn1.ObjectIdentifier{1, 2, 3}, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	query, err := tsa.Request{Imprint: imprint, Nonce: big.NewInt(1), Certificates: true}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := a.Stamp(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	var response struct {
		Status struct{ Status int }
		Token  asn1.RawValue
	}
	if _, err := asn1.Unmarshal(answer, &response); err != nil {
		t.Fatal(err)
	}
	return response.Token.FullBytes
}

func TestTimeStamps(t *testing.T) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 12, 0, 0, 0, time.UTC) }
	for _, alg := range []string{"ecdsa", "sm2"} {
		authority := cmstest.New(t, alg, cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})
		short := cmstest.New(t, alg, cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}, NotAfter: day(2026, 1, 1)})
		for _, tc := range []struct {
			name    string
			signer  cmstest.Options
			tokens  func(value []byte) [][]byte // over the signature's value
			roots   []*smx509.Certificate       // of time stamps; nil: those of the parties
			verdict Verdict
			level   string
			stamped time.Time
			codes   []string // that must be there
			not     []string // that must not
		}{
			{"stamped", cmstest.Options{}, func(v []byte) [][]byte { return [][]byte{stamp(t, authority, day(2025, 6, 2), v)} },
				nil, Valid, "T", day(2025, 6, 2), nil, []string{"verify.attr_not_checked", "verify.timestamp_revocation_unknown"}},
			{"not stamped", cmstest.Options{}, func([]byte) [][]byte { return nil }, nil, Valid, "B", time.Time{}, nil, nil},
			{"the certificate expired after the stamp", cmstest.Options{NotAfter: day(2026, 1, 1)},
				func(v []byte) [][]byte { return [][]byte{stamp(t, authority, day(2025, 6, 2), v)} },
				nil, Valid, "T", day(2025, 6, 2), nil, []string{"verify.certificate_expired"}},
			{"the certificate expired, no stamp", cmstest.Options{NotAfter: day(2026, 1, 1)}, func([]byte) [][]byte { return nil },
				nil, Untrusted, "B", time.Time{}, []string{"verify.certificate_expired"}, nil},
			{"the certificate expired before the stamp", cmstest.Options{NotAfter: day(2026, 1, 1)},
				func(v []byte) [][]byte { return [][]byte{stamp(t, authority, day(2026, 2, 1), v)} },
				nil, Untrusted, "T", day(2026, 2, 1), []string{"verify.certificate_expired"}, nil},
			{"the earlier of two", cmstest.Options{}, func(v []byte) [][]byte {
				return [][]byte{stamp(t, authority, day(2025, 8, 1), v), stamp(t, authority, day(2025, 7, 1), v)}
			}, nil, Valid, "T", day(2025, 7, 1), nil, nil},
			{"over another signature", cmstest.Options{}, func(v []byte) [][]byte { return [][]byte{stamp(t, authority, day(2025, 6, 2), v[1:])} },
				nil, Untrusted, "B", time.Time{}, []string{"verify.timestamp_wrong"}, nil},
			{"altered", cmstest.Options{}, func(v []byte) [][]byte {
				token := stamp(t, authority, day(2025, 6, 2), v)
				token[len(token)-1] ^= 1
				return [][]byte{token}
			}, nil, Untrusted, "B", time.Time{}, []string{"verify.timestamp_wrong"}, nil},
			{"of an authority that is not known", cmstest.Options{}, func(v []byte) [][]byte { return [][]byte{stamp(t, authority, day(2025, 6, 2), v)} },
				[]*smx509.Certificate{short.Root}, Valid, "B", time.Time{}, []string{"verify.timestamp_untrusted"}, nil},
			{"of an authority whose certificate expired", cmstest.Options{NotAfter: day(2026, 1, 1)},
				func(v []byte) [][]byte { return [][]byte{stamp(t, short, day(2025, 6, 2), v)} },
				nil, Untrusted, "B", time.Time{}, []string{"verify.timestamp_untrusted", "verify.certificate_expired"}, nil},
			{"older than the signature claims to be", cmstest.Options{}, func(v []byte) [][]byte { return [][]byte{stamp(t, authority, day(2025, 5, 1), v)} },
				nil, Untrusted, "T", day(2025, 5, 1), []string{"verify.claimed_after_stamp"}, nil},
			{"too many", cmstest.Options{}, func(v []byte) [][]byte {
				return slices.Repeat([][]byte{stamp(t, authority, day(2025, 6, 2), v)}, maxStamps+1)
			}, nil, Valid, "T", day(2025, 6, 2), []string{"verify.attr_not_checked"}, nil},
		} {
			t.Run(alg+" "+tc.name, func(t *testing.T) {
				by := cmstest.New(t, alg, tc.signer)
				p := newPaper(t)
				p.sign(by, signing{padding: 60_000, contents: func(der []byte) []byte {
					sd, err := cms.Parse(der)
					if err != nil {
						t.Fatal(err)
					}
					for _, token := range tc.tokens(sd.SignatureValue()) {
						if der, err = sd.AddTimeStamp(token); err != nil {
							t.Fatal(err)
						}
						if sd, err = cms.Parse(der); err != nil {
							t.Fatal(err)
						}
					}
					return der
				}})
				r := verifyWith(t, p.data, Options{Now: testNow, StampRoots: tc.roots,
					Roots: []*smx509.Certificate{by.Root, authority.Root, short.Root}})
				s := r.Signatures[0]
				if r.Verdict != tc.verdict || s.Level != tc.level {
					t.Errorf("%s, level %s: %v", r.Verdict, s.Level, allCodes(r))
				}
				switch {
				case tc.stamped.IsZero() != (s.StampedAt == nil):
					t.Errorf("stamped at %v", s.StampedAt)
				case s.StampedAt != nil && (!s.StampedAt.Equal(tc.stamped) || s.StampedBy != "TSA"):
					t.Errorf("stamped at %v by %q", s.StampedAt, s.StampedBy)
				}
				for _, c := range tc.codes {
					if !slices.Contains(allCodes(r), c) {
						t.Errorf("no %s in %v", c, allCodes(r))
					}
				}
				for _, c := range tc.not {
					if slices.Contains(allCodes(r), c) {
						t.Errorf("%s in %v", c, allCodes(r))
					}
				}
			})
		}
	}
}
