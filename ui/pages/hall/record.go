package hall

import (
	"context"
	"strconv"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/hall"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/pin"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// maySign tells that the record waits for this party's signature.
func (p *Room) maySign() bool {
	v := p.view
	o := v.Tender.Opening
	if v.Tender.State != platformapi.TenderSigning || o == nil || o.RecordSHA256 == "" {
		return false
	}
	if v.Tender.MyRole == platformapi.TenderHost {
		return o.HostSignedAt.IsZero()
	}
	b, mine := v.Mine()
	return mine && !b.SignedInAt.IsZero() && b.RecordSignedAt.IsZero()
}

// signRecord reads the record, shows all that it says and has it signed (签名确认).
func (p *Room) signRecord() {
	var data []byte
	var record *hall.Record
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		if data, err = p.room.Record(ctx); err == nil {
			record, err = hall.ReadRecord(data)
		}
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		var d *widgets.Dialog
		cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() })
		sign := widgets.NewButton(widgets.Primary, p.t("hall.sign_record"), func() {
			d.Close()
			p.askToSign(data, "")
		})
		d = widgets.NewDialog(p.t("hall.record"), widgets.Fixed(0, recordHeight, widgets.NewScrollArea(p.recordText(record))), cancel, sign).Wide(recordWidth)
		p.host.Dialog(d)
	})
}

// Sizes of the dialog that shows the record.
const (
	recordWidth  = 760
	recordHeight = 440
)

// recordText is what a record says, from its own bytes and not from what the room shows.
func (p *Room) recordText(r *hall.Record) fyne.CanvasObject {
	at := func(t time.Time) string { return t.In(words.Zone).Format(time.DateTime) }
	col := widgets.Column(10, widgets.Facts(
		widgets.Fact{Name: p.t("hall.col_project"), Value: r.Name + "（" + r.Number + "）"},
		widgets.Fact{Name: p.t("hall.col_lot"), Value: r.LotName + "（" + r.LotNumber + "）"},
		widgets.Fact{Name: p.t("hall.purchaser"), Value: r.Purchaser.Name},
		widgets.Fact{Name: p.t("hall.col_opens"), Value: p.host.Words().Beijing(r.Deadline, time.DateTime)},
		widgets.Fact{Name: p.t("hall.record_written"), Value: p.host.Words().Beijing(r.WrittenAt, time.DateTime)}))
	for i, b := range r.Bids {
		facts := []widgets.Fact{{Name: p.t("hall.bid_received"), Value: at(b.ReceivedAt) + "　" + b.Receipt},
			{Name: p.t("hall.col_signed_in"), Value: desk.Presence(p.host.Words(), b)}}
		if b.DecryptedAt.IsZero() {
			if err := hall.FailureOf(b); err != nil {
				facts = append(facts, widgets.Fact{Name: p.t("hall.bid_failed"), Value: p.host.Words().Problem(err).What})
			}
		} else {
			facts = append(facts, widgets.Fact{Name: p.t("hall.bid_opened"), Value: at(b.DecryptedAt)})
		}
		for _, f := range b.Price {
			facts = append(facts, widgets.Fact{Name: f.Name, Value: desk.ReadOut(f) + "　" + f.Capitals})
		}
		if a := lastAttribution(b); a.To != "" {
			facts = append(facts, widgets.Fact{Name: p.t("hall.liable_" + string(a.To)), Value: a.Reason})
		}
		for _, o := range b.Objections {
			facts = append(facts, widgets.Fact{Name: p.t("hall.col_objection"), Value: o.Text}, widgets.Fact{Name: p.t("hall.col_answer"), Value: o.Answer})
		}
		col.Add(widgets.NewText(strconv.Itoa(i+1)+"　"+b.Bidder.Name, theme.TextBody, theme.Text).Bold())
		col.Add(widgets.FactLines(facts...))
	}
	under := func(title string, facts []widgets.Fact) {
		if len(facts) > 0 {
			col.Add(widgets.NewText(title, theme.TextBody, theme.Text).Bold())
			col.Add(widgets.FactLines(facts...))
		}
	}
	var late, acts []widgets.Fact
	for _, l := range r.Late {
		late = append(late, widgets.Fact{Name: l.Bidder.Name, Value: p.t("hall.late_at", "time", at(l.At))})
	}
	for _, l := range r.Acts {
		acts = append(acts, widgets.Fact{Name: at(l.At), Value: l.Person + "　" + desk.ActSaid(p.host.Words(), l, r.Bids)})
	}
	under(p.t("hall.late"), late)
	under(p.t("hall.log"), acts)
	return col
}

func (p *Room) askToSign(record []byte, trouble string) {
	t := p.view.Tender
	facts := []widgets.Fact{{Name: p.t("pin.who"), Value: p.host.Desk().PlatformName()},
		{Name: p.t("pin.document"), Value: p.t("hall.record_of", "number", t.Number, "lot", t.LotName)},
		{Name: p.t("pin.digest"), Value: t.Opening.RecordSHA256[:min(16, len(t.Opening.RecordSHA256))]}}
	pin.Ask(p.ctx, p.host, pin.Request{Facts: facts, Confirm: p.t("hall.sign_record"), Once: true, Run: func(code []byte, lastTry, _ bool) {
		p.host.Do(p.ctx, func(ctx context.Context) error {
			return p.host.Session().SignRecord(ctx, p.room, record, code, lastTry)
		}, func(err error) {
			if trouble, again := pin.Again(p.host, err); err != nil && again {
				p.askToSign(record, trouble)
				return
			}
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Toast(theme.Good, p.t("hall.record_done"))
		})
	}}, trouble)
}

// saveRecord writes the record as a PDF, to be printed.
func (p *Room) saveRecord() {
	p.host.SaveFile(p.t("hall.record_file", "number", p.view.Tender.Number)+".pdf", func(path string) {
		v := p.view // which is drawn anew meanwhile
		p.do(func(context.Context) error { return p.host.Session().SaveRecord(v, path) }, func() {
			p.host.Toast(theme.Good, p.t("hall.record_saved", "file", path))
		})
	})
}
