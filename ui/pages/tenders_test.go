package pages_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/token"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
	openings "sealdesk/ui/desk/hall"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/bid"
	"sealdesk/ui/pages/bind"
	"sealdesk/ui/pages/checkup"
	"sealdesk/ui/pages/hall"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/keys"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/publish"
	"sealdesk/ui/pages/revision"
	"sealdesk/ui/pages/scan"
	"sealdesk/ui/pages/stamp"
	"sealdesk/ui/pages/view"
	"sealdesk/ui/widgets"
)

// newTenderStage is a stage whose platform has tenders, a bid that is being made, openings, and a contract that both sides sealed.
func newTenderStage(t *testing.T, language string) *stage {
	t.Helper()
	w, platform := pagetest.NewWorldOfBidsIn(t, language)
	s := &stage{World: w, tenders: platform, t: t, words: w.Desk.Words()}
	s.session, s.other = s.Buyer(), s.Seller()
	s.sealed = s.Concluded(s.session, s.other, "lot-1")
	s.cleaned = s.Begin(s.session, "lot-3")
	s.Clean(s.cleaned, s.Paper())
	at := time.Now()
	for _, x := range []struct {
		number, name string
		deadline     time.Time
	}{
		{"ZC-2026-0117", "云台县医院检验设备采购项目", at.Add(20 * time.Hour)},
		{"ZC-2026-0098", "云台县中学实验室设备采购项目", at.Add(9 * 24 * time.Hour)},
		{"ZC-2026-0052", "云台县图书馆家具采购项目", at.Add(-time.Hour)},
	} {
		platform.Offer(x.number, x.name, pagetest.Outline(x.number, x.name), x.deadline)
	}
	licence, err := os.ReadFile(s.Contract(1))
	pagetest.Must(s.t, err)
	platform.AddCredit(platformapi.CreditLicence, "营业执照（副本）", "营业执照.pdf", "", licence)
	platform.AddCredit(platformapi.CreditQualification, "医疗器械经营许可证", "许可证.pdf", "2025-12-31", licence)
	return s
}

// bidding opens a bid of which some parts are there.
func bidding(s *stage, h *pagetest.Host) page.Page {
	ctx := s.t.Context()
	list, err := s.other.Tenders(ctx, platformapi.TenderQuery{})
	pagetest.Must(s.t, err)
	project, err := s.other.NewBid(ctx, list.Items[0])
	pagetest.Must(s.t, err)
	pagetest.Must(s.t, s.other.CertifyBid(ctx, project, desk.KeyUse{PIN: []byte(pagetest.PIN)}))
	file := filepath.Join(s.t.TempDir(), "file.pdf")
	pagetest.Must(s.t, s.cleaned.Export(ctx, *s.cleaned.View(ctx).Filing.Clean, file))
	for code, name := range map[string]string{"licence": "营业执照.pdf", "letter": "资格声明函.pdf"} {
		pagetest.Must(s.t, project.Add(ctx, code, bids.Addition{Path: file, Name: name}, nil))
	}
	h.Open(bid.New(h))
	bid.Open(h, project)
	tool := h.Top()
	h.Stack = h.Stack[:len(h.Stack)-1]
	return tool
}

// opening opens the room of an opening, in its decryption or at its read-out.
func opening(role platformapi.TenderRole, readOut bool) func(*stage, *pagetest.Host) page.Page {
	return func(s *stage, h *pagetest.Host) page.Page {
		t, offers := pagetest.Decrypting(role)
		if readOut {
			pagetest.ReadOut(&t, offers)
		}
		s.tenders.Seat(t, offers)
		room := openings.NewRoom(s.tenders, t.ID)
		stand := openings.NewStand(room, openings.Keys{Drivers: func() []token.Driver { return nil }, Owner: desk.Holder})
		if role == platformapi.TenderHall {
			return hall.NewWide(h, room, stand, t.Number)
		}
		h.Open(hall.New(h))
		return hall.NewRoom(h, room, stand, t.Number)
	}
}

// there waits until the bidders are there.
func there(s *stage, h *pagetest.Host) {
	h.Until("the opening", func() bool { return h.Says(pagetest.Bidders[0]) })
	h.Settle(settle)
}

var tenderFaces = []face{
	{name: "bids, offered", side: true, open: func(_ *stage, h *pagetest.Host) page.Page { return bid.New(h) }},
	{name: "bids, being made", side: true, open: bidding, then: func(s *stage, h *pagetest.Host) {
		h.Until("the parts", func() bool { return h.Says("资格声明函") })
		h.Settle(settle)
	}},
	{name: "bids, credit", side: true, open: func(_ *stage, h *pagetest.Host) page.Page { return bid.New(h) }, then: func(s *stage, h *pagetest.Host) {
		press("bid.credit")(s, h)
		h.Until("the library", func() bool { return h.Says("营业执照（副本）") })
	}},
	{name: "hall, openings", side: true, open: func(s *stage, h *pagetest.Host) page.Page {
		for _, role := range []platformapi.TenderRole{platformapi.TenderHost, platformapi.TenderBidder} {
			s.tenders.Seat(pagetest.Decrypting(role))
		}
		return hall.New(h)
	}},
	{name: "hall, host", open: opening(platformapi.TenderHost, false), then: there},
	{name: "hall, bidder", side: true, open: opening(platformapi.TenderBidder, false), then: there},
	{name: "hall, terminal", open: opening(platformapi.TenderHall, false), then: there},
	{name: "hall, read out", open: opening(platformapi.TenderHost, true), then: there},
	{name: "publish", open: func(s *stage, h *pagetest.Host) page.Page { return publish.New(h, s.sealed) }, then: func(s *stage, h *pagetest.Host) {
		h.Until("the page", func() bool { return h.Button(s.text("public.make")) != nil })
	}},
	{name: "view, concluded", open: func(s *stage, h *pagetest.Host) page.Page {
		return view.New(h, s.sealed, *s.sealed.View(s.t.Context()).Received)
	}, then: func(s *stage, h *pagetest.Host) {
		var sealed *widgets.Button
		h.Until("the way to the seals", func() bool {
			for n := 1; n < 20 && sealed == nil; n++ {
				sealed = h.Button(s.words.T("verifyfile.page", "page", n))
			}
			return sealed != nil
		})
		sealed.Tapped(nil)
		h.Settle(settle)
	}},
	{name: "revision", open: func(s *stage, h *pagetest.Host) page.Page {
		return revision.New(h, "contracts", s.sealed.Paper(*s.sealed.View(s.t.Context()).Received), 1)
	}, then: func(s *stage, h *pagetest.Host) {
		h.Until("the document", func() bool { b := h.Button(s.text("revision.compare")); return b != nil && b.Reason() == "" })
		h.Settle(settle)
	}},
	{name: "stamp, sealed", open: func(s *stage, h *pagetest.Host) page.Page { return stamp.New(h, stamp.OfContract(h, s.cleaned)) },
		then: func(s *stage, h *pagetest.Host) {
			press("stamp.sign")(s, h)
			h.Type(pagetest.PIN)
			press("pin.sign")(s, h)
			h.Until("the result", func() bool { return h.Button(s.text("result.back")) != nil })
			h.Settle(settle)
		}},
	{name: "scan", open: func(_ *stage, h *pagetest.Host) page.Page { return keys.New(h) }, then: func(s *stage, h *pagetest.Host) {
		_, x := desk.NewScan(s.t.Context(), desk.ScanAbout{Kind: desk.ScanSign, Platform: "演示平台", Owner: "云台县第一人民医院", Document: "政府采购合同", Pages: 6, Key: true})
		x.Show(desk.ScanView{Stage: desk.ScanCode, Kind: desk.ScanSign, Until: time.Now().Add(2 * time.Minute),
			QR: "https://mca.example/q#1.AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBB.CCCCCCCCCCCCCCCCCCCCCC"})
		scan.Open(s.t.Context(), h, x)
		h.Until("the dialog", func() bool { return len(h.Dialogs) == 1 && h.Says("演示平台") })
	}},
	{name: "checkup", open: func(_ *stage, h *pagetest.Host) page.Page { return keys.New(h) }, then: func(_ *stage, h *pagetest.Host) {
		checkup.Open(h)
		h.Settle(time.Second)
	}},
	{name: "bind", out: true, open: func(s *stage, h *pagetest.Host) page.Page {
		s.AddAccount()
		account, err := s.Desk.LoginAccount(s.t.Context(), pagetest.Account, pagetest.Password)
		pagetest.Must(s.t, err)
		return bind.New(h, account)
	}, then: func(s *stage, h *pagetest.Host) {
		h.Until("the keys", func() bool { return h.Button(s.text("bind.do")) != nil && h.Says("云台县第一人民医院") })
	}},
}

// The pages of bids, of openings and of what comes after a contract was concluded, too.
func TestEveryFaceOfTendersFitsAndHasItsWords(t *testing.T) {
	texts := catalog(t)
	for _, language := range []string{words.Chinese, words.English} {
		t.Run(language, func(t *testing.T) {
			s := newTenderStage(t, language)
			for _, f := range tenderFaces {
				t.Run(f.name, func(t *testing.T) { s.look(t, texts, language+" "+f.name, f) })
			}
		})
	}
}
