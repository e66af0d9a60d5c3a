package bid

import (
	"os"
	"testing"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
)

// The credit library is kept from the window: an entry is added with its file, changed, and taken out.
func TestTheCreditLibraryIsKept(t *testing.T) {
	w, platform := pagetest.NewWorldOfBids(t)
	licence, err := os.ReadFile(w.Contract(1))
	pagetest.Must(t, err)
	platform.AddCredit("licence", "营业执照（副本）", "营业执照.pdf", "2025-12-31", licence)
	h := pagetest.NewHost(t, w.Desk, w.Seller())
	list := New(h)
	h.Open(list)
	h.Press(list.t("bid.credit"))
	p := h.Top().(*library)
	h.Until("the library", func() bool { return len(p.items) == 1 && h.Says("营业执照（副本）") })
	h.Press(p.t("bid.library_add"))
	save := h.Button(p.t("bid.library_save"))
	if save == nil || save.Reason() != p.t("bid.library_why_name") {
		t.Fatalf("an entry without a name: %q", h.Texts())
	}
	h.Type("二级甲等医院 CT 采购业绩")
	file := w.Contract(2)
	h.Choose = func([]string) string { return file }
	h.Press(p.t("bid.library_choose"))
	h.Fits()
	h.Picture("bid-library-new")
	h.Press(p.t("bid.library_save"))
	h.Until("the new entry", func() bool { return len(p.items) == 2 })
	if x := p.items[1]; x.Name != "二级甲等医院 CT 采购业绩" || x.Kind != creditKinds[0] || len(x.Files) != 1 || x.Files[0].Size == 0 {
		t.Errorf("added: %+v", x)
	}
	h.Fits()
	h.Picture("bid-library")

	p.edit(p.items[0].ID, desk.CreditEntryOf(p.items[0]))
	h.Type("（2026）")
	h.Press(p.t("bid.library_save"))
	h.Until("the change", func() bool { return h.Says("（2026）") })
	for _, x := range p.items {
		if len(x.Files) != 1 {
			t.Errorf("a change lost the file: %+v", x)
		}
	}
	p.remove(p.items[0])
	h.Asked[0].Yes()
	h.Until("it is gone", func() bool { return len(p.items) == 1 })
}
