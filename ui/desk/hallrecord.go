package desk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/signer/paper"
	"sealdesk/ui/desk/amount"
	"sealdesk/ui/desk/hall"
	"sealdesk/ui/desk/words"
)

// SaveRecord writes what a room shows of an opening as a PDF of A4 sheets, to be printed. A file that is there already is not
// overwritten.
func (s *Session) SaveRecord(v hall.View, path string) error {
	return WriteRecord(s.desk.cfg.Words, v, path)
}

// WriteRecord is SaveRecord without a session.
func WriteRecord(w *words.Catalog, v hall.View, path string) error {
	data, err := recordPaper(w, v)
	if err != nil {
		return err
	}
	return writeNew(path, data)
}

// stamped writes a time of a record, in Beijing, which is said once for all of them.
func stamped(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(words.Zone).Format(time.DateTime)
}

func recordPaper(w *words.Catalog, v hall.View) ([]byte, error) {
	t, o := v.Tender, v.Tender.Opening
	if o == nil {
		o = &platformapi.Opening{}
	}
	d, err := sheets(w, w.T("hall.record"), v.Now(), func(page, pages int) string {
		return w.T("hall.record_foot", "number", t.Number, "page", page, "pages", pages)
	})
	if err != nil {
		return nil, err
	}
	agency := "—"
	if t.Agency != nil {
		agency = t.Agency.Name
	}
	facts := []paper.Fact{
		{Name: w.T("hall.col_project"), Value: t.Name + "（" + t.Number + "）"},
		{Name: w.T("hall.col_lot"), Value: t.LotName + "（" + t.LotNumber + "）"},
		{Name: w.T("hall.purchaser"), Value: t.Purchaser.Name},
		{Name: w.T("hall.agency_name"), Value: agency},
		{Name: w.T("hall.col_opens"), Value: stamped(t.Deadline)},
		{Name: w.T("hall.step_announced"), Value: stamped(o.AnnouncedAt)},
		{Name: w.T("hall.window"), Value: stamped(o.WindowFrom) + " — " + stamped(o.WindowUntil)},
		{Name: w.T("hall.record_sha256"), Value: o.RecordSHA256},
	}
	if t.Venue != "" {
		facts = slices.Insert(facts, 4, paper.Fact{Name: w.T("hall.venue"), Value: t.Venue})
	}
	d.Facts(facts...)
	d.Heading(w.T("hall.tab_prices"))
	for i, b := range v.Bids {
		facts := []paper.Fact{{Name: fmt.Sprint(i+1, ". "), Value: b.Bidder.Name + "（" + b.Bidder.USCC + "）"}}
		for _, f := range b.Price {
			facts = append(facts, paper.Fact{Name: f.Name, Value: strings.TrimSpace(ReadOut(f) + " " + f.Capitals)})
		}
		facts = append(facts, bidFacts(w, b)...)
		d.Facts(facts...)
	}
	if len(t.Late) > 0 {
		d.Heading(w.T("hall.late"))
		for _, l := range t.Late {
			d.Facts(paper.Fact{Name: l.Bidder.Name, Value: w.T("hall.late_at", "time", stamped(l.At))})
		}
	}
	d.Heading(w.T("hall.log"))
	for _, l := range o.Log {
		d.Facts(paper.Fact{Name: stamped(l.At), Value: l.Person + "　" + ActSaid(w, l, v.Bids)})
	}
	d.Heading(w.T("hall.tab_objections"))
	none := true
	for _, b := range v.Bids {
		for _, x := range b.Objections {
			none = false
			d.Paragraph(stamped(x.At)+" "+b.Bidder.Name+"："+x.Text, paper.Plain)
			d.Paragraph(w.T("hall.col_answer")+"："+x.Answer, paper.Quiet)
		}
	}
	if none {
		d.Paragraph(w.T("hall.no_objections"), paper.Quiet)
	}
	d.Heading(w.T("hall.sign_record"))
	d.Facts(paper.Fact{Name: w.T("hall.role_host"), Value: stamped(o.HostSignedAt)})
	for _, b := range v.Bids {
		if !b.SignedInAt.IsZero() {
			d.Facts(paper.Fact{Name: b.Bidder.Name, Value: strings.TrimSpace(stamped(b.RecordSignedAt) + " " + b.RecordSignedBy)})
		}
	}
	d.Paragraph(w.T("hall.record_note"), paper.Quiet)
	return d.Bytes()
}

// ActSaid says an act of the host at an opening in a sentence; bids are those of the opening.
func ActSaid(w *words.Catalog, l platformapi.OpeningLog, bids []platformapi.Bid) string {
	bidder := ""
	if i := slices.IndexFunc(bids, func(b platformapi.Bid) bool { return b.ID == l.BidID }); i >= 0 {
		bidder = bids[i].Bidder.Name
	}
	key := "hall.did_" + string(l.Act)
	if l.Act == platformapi.MoveAttribute {
		key += "_" + string(l.To)
	}
	said := w.T(key, "minutes", l.Minutes, "bidder", bidder, "count", len(bids))
	if l.Reason != "" {
		said += w.T("hall.did_reason", "reason", l.Reason)
	}
	return said
}

// ReadOut writes a field as it is read out: an amount, which has capitals, with thousands marks.
func ReadOut(f platformapi.PriceField) string {
	if sum, err := amount.Parse(f.Value); err == nil && f.Capitals != "" {
		return sum.String()
	}
	return f.Value
}

// Presence says who was present for a bidder, where and since when.
func Presence(w *words.Catalog, b platformapi.Bid) string {
	if b.SignedInAt.IsZero() {
		return w.T("hall.absent")
	}
	return stamped(b.SignedInAt) + " " + w.T("hall.present_"+string(b.SignedInPlace)) + " " + b.SignedInBy
}

// bidFacts are how far a bid came, and why no further.
func bidFacts(w *words.Catalog, b platformapi.Bid) []paper.Fact {
	facts := []paper.Fact{{Name: w.T("hall.bid_received"), Value: stamped(b.ReceivedAt)}, {Name: w.T("hall.col_signed_in"), Value: Presence(w, b)},
		{Name: w.T("hall.bid_opened"), Value: stamped(b.DecryptedAt)}}
	if err := hall.FailureOf(b); err != nil {
		facts = append(facts, paper.Fact{Name: w.T("hall.bid_failed"), Value: w.Problem(err).What})
	}
	if n := len(b.Attributions); n > 0 {
		a := b.Attributions[n-1]
		facts = append(facts, paper.Fact{Name: w.T("hall.liable_" + string(a.To)), Value: a.Reason})
	}
	return facts
}
