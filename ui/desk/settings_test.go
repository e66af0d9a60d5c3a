package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"sealdesk/signer"
	"sealdesk/signer/fetch"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/revocation"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
)

// Settings are there after the next start, and touch no network before somebody chose so. Those that cannot be meant are refused.
func TestSettingsAreKept(t *testing.T) {
	w := newWorld(t)
	d := w.desk("one")
	if d.asking().Revocation != nil || d.stamper(d.Settings()) != nil {
		t.Error("a desk that nobody touched asks over the network")
	}
	for _, bad := range []struct {
		s    Settings
		code string
	}{
		{Settings{Stamps: StampsURL}, "desk.stamp_url"},
		{Settings{Stamps: StampsURL, StampURL: "ftp://tsa.example"}, "desk.stamp_url"},
		{Settings{StampRoots: "no certificate"}, "desk.roots_unreadable"},
		{Settings{Level: "B"}, "desk.level_unknown"},
	} {
		w.told(d.ChangeSettings(bad.s), bad.code)
		if d.Settings() != (Settings{}) {
			t.Errorf("%+v is in force", d.Settings())
		}
	}
	s := Settings{Stamps: StampsURL, StampURL: "http://tsa.example/tsa", Revocation: AskPublic, Level: signer.LevelLTA}
	must(t, d.ChangeSettings(s))
	must(t, d.Close())
	again := w.desk("one")
	if again.Settings() != s || again.stamper(s).URL != s.StampURL {
		t.Errorf("%+v", again.Settings())
	}
	for asking, private := range map[Asking]bool{AskPublic: false, AskIntranet: true} {
		s.Revocation = asking
		must(t, again.ChangeSettings(s))
		checker, is := again.asking().Revocation.(*revocation.Checker)
		if !is || checker.Fetcher.(*fetch.Client).Private != private || checker.Cache == nil {
			t.Errorf("%s: %+v", asking, checker)
		}
	}
	s.Stamps = StampsPlatform
	if again.stamper(s) != nil {
		t.Error("a platform without a service stamps")
	}
	again.cfg.PlatformStamps = "http://platform.example/tsa"
	if got := again.stamper(s); got == nil || got.URL != again.cfg.PlatformStamps {
		t.Errorf("%+v", got)
	}
}

// plant puts a document in the place of the clean copy, as if it had come with its fields.
func plant(t *testing.T, work *Work, data []byte) {
	t.Helper()
	clean := work.d.Filing.Clean
	put(t, work, clean.Path, data)
	sum := sha256.Sum256(data)
	clean.SHA256, clean.Size = hex.EncodeToString(sum[:]), int64(len(data))
}

// What a field asks for is told before a PIN is tried; a field that asks for what we do is sealed, and certified if asked.
func TestAPreparedFieldIsSealed(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	w.clean(work)
	asks := func(reason string) pdf.Dict {
		return pdf.Dict{"SV": pdf.Dict{"Ff": pdf.Integer(8), "Reasons": pdf.Array{pdf.TextString(reason)}}}
	}
	request := func() SealRequest {
		w.show(work)
		r := w.request(work, rightPIN)
		r.Places = []seal.Place{{Kind: seal.AtField, Field: "采购人签章"}}
		r.Certify = 2
		return r
	}
	plant(t, work, pdftest.Fields(pdftest.Options{}, asks("别的原因")))
	w.told(work.CheckSeal(t.Context(), request()), "pdfsig.seed_reason")
	plant(t, work, pdftest.Fields(pdftest.Options{}, asks(work.s.desk.cfg.Words.T("seal.reason"))))
	must(t, work.CheckSeal(t.Context(), request()))
	result, err := work.Seal(t.Context(), request(), nil)
	must(t, err)
	s := result.Report.Signatures[0]
	if s.Field != "采购人签章" || s.Certifies != 2 || s.Verdict != verify.Valid || s.Widgets[0].Page != 2 {
		t.Errorf("%+v", s)
	}
	if left := key(t, work.s.desk, buyer).Tries; left != tries {
		t.Errorf("%d tries left", left)
	}
}
