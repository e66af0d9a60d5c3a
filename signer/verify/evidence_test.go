package verify

import (
	"testing"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/dss"
	"sealdesk/signer/pdf"
)

// TestAStoreCannotAskForMoreWorkThanThereIs: what lies behind the bound is not judged, and that is said.
func TestAStoreCannotAskForMoreWorkThanThereIs(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	cert, issuer := p.Chain[0], p.Chain[1]
	with := func(done int64) *evidence {
		return &evidence{now: testNow, work: done, known: map[[32]byte]inside{},
			store: &dss.Store{Dict: pdf.Dict{}, OCSPs: []dss.Item{{DER: []byte("none")}, {DER: []byte("none")}}}}
	}
	for done, excess := range map[int64]bool{0: false, maxJudged - 2*leastWork: false, maxJudged - 2*leastWork + 1: true, maxJudged: true} {
		e := with(done)
		e.answer(cert, issuer, testNow)
		if e.excess() != excess {
			t.Errorf("after %d bytes: excess %v", done, e.excess())
		}
	}
	// An answer about one moment is asked for once, however many signatures want it.
	e := with(0)
	for range 3 {
		e.answer(cert, issuer, testNow)
	}
	if e.work != 2*leastWork {
		t.Errorf("%d bytes were judged", e.work)
	}
	e.store.OCSPs[0].DER = make([]byte, 3*leastWork)
	if e.answer(cert, issuer, testNow.AddDate(0, 0, 1)); e.work != 2*leastWork+4*leastWork {
		t.Errorf("a long answer counts for little: %d", e.work)
	}
}
