package cms_test

import (
	"testing"
	"time"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
)

func TestSigningTime(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	for _, at := range []time.Time{
		time.Date(2026, 11, 25, 8, 30, 1, 500, time.FixedZone("", 8*3600)), // UTCTime
		time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC),                        // GeneralizedTime
	} {
		b := cms.Builder{Signer: p.Key, Chain: p.Chain, SigningTime: at}
		digest := digestOf(t, b, content)
		bound, err := b.SizeBound()
		if err != nil {
			t.Fatal(err)
		}
		der, err := b.Sign(digest)
		if err != nil {
			t.Fatal(err)
		}
		if len(der) > bound {
			t.Errorf("%d bytes, bound %d", len(der), bound)
		}
		s, err := cms.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := s.SigningTime(); !ok || !got.Equal(at.Truncate(time.Second)) {
			t.Errorf("%v, want %v", got, at)
		}
		if err := s.Check(digest); err != nil {
			t.Error(err)
		}
	}
}
