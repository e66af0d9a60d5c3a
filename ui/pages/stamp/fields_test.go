package stamp

import (
	"bytes"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"sealdesk/platformapi"
	"sealdesk/signer"
	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/theme"
)

// prepare gives the page the layout of another document of two pages, as it would be with one that came with fields.
func prepare(t *testing.T, h *pagetest.Host, p *Page, data []byte) {
	t.Helper()
	file, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if p.shown.Layout, err = signer.ReadLayout(t.Context(), file, nil); err != nil {
		t.Fatal(err)
	}
	p.plan = plan{}
	p.propose()
	h.Until("the proposal", func() bool { return len(p.plan.places) == 1 })
}

// A field that was prepared for us is where the seal goes; it can leave it, and go into another.
func TestTheSealGoesIntoThePreparedField(t *testing.T) {
	data := pdftest.Fields(pdftest.Options{}, pdf.Dict{"SV": pdf.Dict{"Ff": pdf.Integer(8), "Reasons": pdf.Array{pdf.TextString("合同签章")}},
		"Lock": pdf.Dict{"Action": pdf.Name("All")}})
	for _, language := range []string{words.Chinese, words.English} {
		_, h, p := openedIn(t, language, 2)
		h.Window().Resize(fyne.NewSize(1366, 768).SubtractWidthHeight(theme.SidebarWidth, theme.TopbarHeight))
		prepare(t, h, p, data)
		if p.says() != "field=采购人签章" || p.mode.Visible() || p.sign.Reason() != "" {
			t.Fatalf("%s, sign %q", p.says(), p.sign.Reason())
		}
		for _, said := range []string{p.t("stamp.field_is", "name", "采购人（盖章）"), p.t("field.locks_all"), p.t("field.asks_reason", "wanted", "合同签章"),
			p.t("stamp.field_shrunk", "width", "35.3", "height", "35.3")} {
			if language == words.Chinese && !h.Says(said) { // English breaks its lines between words
				t.Errorf("it does not say %q: %q", said, h.Texts())
			}
		}
		h.Settle(400 * time.Millisecond)
		h.Fits()
		h.Picture("stamp-field-" + language)
		if language == words.English {
			continue
		}
		p.intoField("乙方.供应商签章")
		if p.says() != "field=乙方.供应商签章" || len(p.spots[0].Impressions) != 2 || len(p.plan.places) != 1 {
			t.Errorf("%s, %+v", p.says(), p.spots[0].Impressions)
		}
		h.Press(p.t("stamp.add"))
		p.intoField("采购人签章")
		if len(p.plan.places) != 2 || p.plan.places[0].Field != "采购人签章" || p.plan.current != 0 {
			t.Errorf("a second field: %+v", p.plan.places)
		}
		p.intoField("隐形")
		if !h.Says(p.t("stamp.field_invisible")) {
			t.Errorf("%q", h.Texts())
		}
		p.placed(1, 60, 60)
		if p.says() != "page=1,x=60mm,y=60mm" || !p.mode.Visible() {
			t.Errorf("pressed elsewhere: %s", p.says())
		}
	}
}

// What a field asks for is held against the document before a PIN is asked: here the document has no such field.
func TestAFieldIsCheckedBeforeThePIN(t *testing.T) {
	_, h, p := opened(t, 2)
	prepare(t, h, p, pdftest.Fields(pdftest.Options{}, nil))
	p.askFirst()
	h.Until("the trouble", func() bool { return len(h.Told) == 1 })
	if got := h.Words().Problem(h.Told[0]).Code; got != "pdfsig.field_missing" || len(h.Dialogs) != 0 {
		t.Errorf("told %s, %d dialogs", got, len(h.Dialogs))
	}
}

// The supplier's field is proposed to the supplier, nobody's to others.
func TestTheFieldOfTheRole(t *testing.T) {
	_, h, p := opened(t, 2)
	prepare(t, h, p, pdftest.Fields(pdftest.Options{}, nil))
	for role, want := range map[platformapi.Role]string{platformapi.RoleSupplier: "乙方.供应商签章", platformapi.RolePurchaser: "采购人签章", "": ""} {
		p.terms.Fields = usualFields[role]
		got := ""
		if f := p.ownField(); f != nil {
			got = f.Name
		}
		if got != want {
			t.Errorf("%q is offered %q", role, got)
		}
	}
}

// A document that a certification closes says so on the button.
func TestAClosedDocumentSaysSo(t *testing.T) {
	_, h, p := opened(t, 2)
	party := cmstest.New(t, "ecdsa", cmstest.Options{})
	data := pdftest.Document(pdftest.Options{Pages: 2})
	plan, err := pdfsig.Prepare(t.Context(), bytes.NewReader(data), int64(len(data)), pdfsig.Request{Certify: 1,
		Frame: pdfsig.CMS{Builder: cms.Builder{Signer: party.Key, Chain: party.Chain}}})
	if err != nil {
		t.Fatal(err)
	}
	document, err := plan.Hash()
	if err != nil {
		t.Fatal(err)
	}
	document.Write(data)
	update, err := plan.Sign(document)
	if err != nil {
		t.Fatal(err)
	}
	prepare(t, h, p, append(bytes.Clone(data), update...))
	if p.sign.Reason() == "" || !h.Says("不允许再作任何改动") {
		t.Errorf("%q %q", p.sign.Reason(), h.Texts())
	}
	if p.more.certify() != 0 {
		t.Error("it can be certified")
	}
}

// A certification is a choice for the first signature; one that would keep the other party out asks first.
func TestACertificationIsChosen(t *testing.T) {
	_, h, p := opened(t, 2)
	h.Press(p.t("stamp.more"))
	h.Picture("stamp-more")
	h.Fits()
	p.more.choice.Choose(3)
	p.more.choice.OnChanged(3)
	if p.more.certify() != 1 || !h.Says(p.t("stamp.certify_1_why")) {
		t.Fatalf("permission %d, %q", p.more.certify(), h.Texts())
	}
	p.askFirst()
	if len(h.Asked) != 1 || !h.Asked[0].Danger || len(h.Dialogs) != 0 {
		t.Fatalf("asked %+v", h.Asked)
	}
	p.more.choice.Choose(1)
	p.askFirst()
	h.Until("the dialog", func() bool { return len(h.Dialogs) == 1 })
	h.Type(pagetest.PIN)
	h.Press(p.t("pin.sign"))
	h.Until("the result", func() bool { return p.finished != nil })
	if s := p.finished.Report.Signatures[0]; s.Certifies != 2 {
		t.Errorf("permission %d", s.Certifies)
	}
}

// With time stamps on the signature has one; without the service the person decides.
func TestTheSignatureIsStamped(t *testing.T) {
	_, h, p := opened(t, 1)
	s, _, stop := pagetest.Stamps(t)
	if err := h.Desk().ChangeSettings(s); err != nil {
		t.Fatal(err)
	}
	p.draw()
	if !h.Says(p.t("stamp.stamped")) {
		t.Errorf("%q", h.Texts())
	}
	seal := func() {
		h.Until("the dialog", func() bool { return len(h.Dialogs) > 0 && h.Button(p.t("pin.sign")) != nil })
		h.Type(pagetest.PIN)
		h.Press(p.t("pin.sign"))
		h.Until("the result", func() bool { return p.finished != nil })
	}
	p.askFirst()
	seal()
	newest := p.finished.Report.Signatures[0]
	if newest.Level != "T" || newest.StampedBy != pagetest.Stamper {
		t.Errorf("level %s by %q", newest.Level, newest.StampedBy)
	}

	stop()
	_, h, p = opened(t, 1)
	if err := h.Desk().ChangeSettings(s); err != nil {
		t.Fatal(err)
	}
	p.askFirst()
	h.Until("the question", func() bool { return len(h.Asked) == 1 })
	if len(h.Dialogs) != 0 || h.Asked[0].Confirm != p.t("stamp.unstamped_confirm") {
		t.Fatalf("asked %+v", h.Asked)
	}
	h.Asked[0].Yes()
	seal()
	if newest := p.finished.Report.Signatures[0]; newest.Level != "B" || newest.StampedAt != nil {
		t.Errorf("level %s", newest.Level)
	}
	if h.Desk().Settings() != s || s.Stamps != desk.StampsURL {
		t.Error("the settings were changed")
	}
}
