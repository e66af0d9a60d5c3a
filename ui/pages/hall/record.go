package hall

import (
	"context"

	"sealdesk/platformapi"
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

// signRecord reads the record, shows what it says and has it signed (签名确认).
func (p *Room) signRecord() {
	var record []byte
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		record, err = p.room.Record(ctx)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.askToSign(record, "")
	})
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
	t := p.view.Tender
	p.host.SaveFile(p.t("hall.record_file", "number", t.Number)+".pdf", func(path string) {
		p.do(func(context.Context) error { return p.host.Session().SaveRecord(p.view, path) }, func() {
			p.host.Toast(theme.Good, p.t("hall.record_saved", "file", path))
		})
	})
}
