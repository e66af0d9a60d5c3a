package bid

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/signer/finding"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/pin"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// certifyDetail is CA认证: whose key the bid is made with, and what its encryption certificate means for it.
func (p *tool) certifyDetail() fyne.CanvasObject {
	id := p.view.Identity
	col := widgets.Column(14, heading(p.t("bid.certify"), p.t("bid.certify_note")), widgets.HLine())
	if id != nil {
		by := p.t("bid.by_key")
		if id.Phone {
			by = p.t("bid.by_phone")
		}
		day := func(t time.Time) string { return t.In(words.Zone).Format(time.DateOnly) }
		col.Add(widgets.Verdict(theme.Good, p.t("bid.certified", "name", id.Name), p.t("bid.certified_at", "by", by, "time", p.host.Words().Beijing(id.At, "2006-01-02 15:04"))))
		col.Add(widgets.FactLines(
			widgets.Fact{Name: p.t("bid.fact_code"), Value: id.Code},
			widgets.Fact{Name: p.t("bid.fact_signing"), Value: p.t("bid.cert_is", "serial", id.Serial, "until", day(id.Until))},
			widgets.Fact{Name: p.t("bid.fact_encryption"), Value: p.t("bid.cert_is", "serial", id.EncryptionSerial, "until", day(id.EncryptionUntil))},
		))
		for _, o := range p.panels(p.about(atCertify)) {
			col.Add(o)
		}
		col.Add(widgets.WarnPanel(widgets.ErrorText{What: p.t("bid.keep_cert"), Do: p.t("bid.keep_cert_do")}))
	}
	if p.fixed() {
		return col
	}
	key, phone := widgets.NewButton(widgets.Secondary, p.t("bid.certify_key"), p.certifyByKey).WithIcon(theme.IconUSB), widgets.NewButton(widgets.Secondary, p.t("bid.certify_phone"), p.certifyByPhone).WithIcon(theme.IconPhone)
	row := widgets.Row(10, key)
	if p.host.Desk().HasPhone() {
		row.Add(phone)
	}
	col.Add(row)
	return col
}

// certify is CA认证 with the key that signs in this session.
func (p *tool) certify() {
	p.withKey(pin.Request{Confirm: p.t("bid.certify_do"), Facts: []widgets.Fact{
		{Name: p.t("bid.fact_tender"), Value: p.view.Outline.Name}, {Name: p.t("bid.fact_what"), Value: p.t("bid.certify_what")},
	}}, p.t("bid.certify"), func(ctx context.Context, u desk.KeyUse, _ bids.Progress) error {
		return p.host.Session().CertifyBid(ctx, p.project, u)
	}, func() {
		p.host.Toast(theme.Good, p.t("bid.certified_toast"))
		p.reread()
		p.tree.Choose(p.next())
	})
}

func (p *tool) certifyByKey() { p.certifyWith(p.host.Session().USBKey) }

func (p *tool) certifyByPhone() {
	p.certifyWith(func(context.Context) (desk.Key, error) { return p.host.Desk().PhoneKey(p.host.Session().Key()), nil })
}

// certifyWith has another key of the same organisation do the signing from now on, and certifies it.
func (p *tool) certifyWith(find func(context.Context) (desk.Key, error)) {
	s := p.host.Session()
	p.host.Do(p.life, func(ctx context.Context) error {
		key, err := find(ctx)
		if err != nil {
			return err
		}
		if now := s.SigningKey(); now.URI == key.URI && now.ID == key.ID {
			return nil
		}
		return s.SignWith(key)
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.certify()
	})
}

// checkDetail lists what the bid lacks, each with the way to it.
func (p *tool) checkDetail() fyne.CanvasObject {
	col := widgets.Column(12, heading(p.t("bid.check"), p.t("bid.check_note")), widgets.HLine())
	if !bids.Blocks(p.found) {
		col.Add(widgets.Verdict(theme.Good, p.t("bid.check_good_long"), ""))
	}
	for _, f := range p.found {
		what, do := p.said(f)
		text := widgets.ErrorText{What: what, Do: do}
		at := p.placeOf(f)
		var buttons []*widgets.Button
		if at != atFile {
			buttons = append(buttons, widgets.NewButton(widgets.Link, p.t("bid.check_go"), func() { p.goTo(at) }))
		}
		if f.Severity == finding.Note {
			col.Add(widgets.InfoPanel(text, buttons...))
		} else {
			col.Add(widgets.WarnPanel(text, buttons...))
		}
	}
	return col
}

// fileDetail is the file that was built, and what became of it on the platform.
func (p *tool) fileDetail() fyne.CanvasObject {
	v := p.view
	col := widgets.Column(14, heading(p.t("bid.file"), p.t("bid.file_note")), widgets.HLine())
	for _, o := range p.panels(p.about(atFile)) {
		col.Add(o)
	}
	b := v.Built
	if b == nil {
		col.Add(widgets.Quiet(p.t("bid.file_none")))
		if bids.Blocks(p.found) {
			col.Add(widgets.Row(0, widgets.NewButton(widgets.Link, p.t("bid.check_see"), func() { p.goTo(atCheck) }), widgets.Spacer()))
		}
		return col
	}
	if v.Stale {
		col.Add(widgets.WarnPanel(widgets.ErrorText{What: p.t("bid.stale"), Do: p.t("bid.stale_do")}))
	}
	layers := p.t("bid.layer_inner")
	if b.Outer {
		layers = p.t("bid.layer_both")
	}
	col.Add(widgets.FactLines(
		widgets.Fact{Name: p.t("bid.fact_built"), Value: p.host.Words().Beijing(b.At, time.DateTime)},
		widgets.Fact{Name: p.t("bid.fact_size"), Value: words.Size(b.Size)},
		widgets.Fact{Name: "SHA-256", Value: b.SHA256},
		widgets.Fact{Name: p.t("bid.fact_layers"), Value: layers},
		widgets.Fact{Name: p.t("bid.fact_opens_with"), Value: p.host.Words().T("bid.serials", "serials", b.Recipients)},
	))
	row := widgets.Row(10)
	if !v.Stale {
		row.Add(widgets.NewButton(widgets.Secondary, p.t("bid.verify"), p.verify).WithIcon(theme.IconVerify))
	}
	row.Add(widgets.NewButton(widgets.Secondary, p.t("bid.export"), p.export).WithIcon(theme.IconDownload))
	if v.Returnable() != nil && !p.fixed() {
		row.Add(widgets.NewButton(widgets.Secondary, p.t("bid.withdraw"), p.withdraw).WithIcon(theme.IconUndo))
	}
	col.Add(row)
	if len(v.Sent) > 0 {
		col.Add(widgets.HLine())
		col.Add(widgets.NewText(p.t("bid.receipts"), theme.TextBody, theme.Text).Bold())
		for _, o := range p.receipts() {
			col.Add(o)
		}
	}
	return col
}

var sentTones = map[platformapi.BidState]theme.Tone{
	platformapi.BidUploading: theme.Warn, platformapi.BidReceived: theme.Good, platformapi.BidReplaced: theme.Neutral, platformapi.BidWithdrawn: theme.Neutral,
	platformapi.BidLocked: theme.Good, platformapi.BidDecrypting: theme.Info, platformapi.BidDecrypted: theme.Good, platformapi.BidFailed: theme.Bad, platformapi.BidAttributed: theme.Bad,
}

// receipts are what the platform gave, the newest first.
func (p *tool) receipts() []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for i := range p.view.Sent {
		sent := p.view.Sent[len(p.view.Sent)-1-i]
		col := widgets.Column(8, widgets.Row(10, widgets.NewChip(p.t("bid.sent."+string(sent.State)), sentTones[sent.State]),
			widgets.Grow(widgets.Quiet(words.Size(sent.Size)+" · SHA-256 "+sent.SHA256[:min(16, len(sent.SHA256))]).Clip())))
		for _, r := range sent.Receipts {
			given := p.host.Session().BidReceiptOf(r, p.view.Outline.Name)
			col.Add(widgets.Row(10, widgets.Grow(widgets.Column(2,
				widgets.NewText(given.Number+"　"+p.host.Words().Beijing(r.At, "2006-01-02 15:04:05.000"), theme.TextTable, theme.Text).Clip(),
				widgets.Quiet(p.t("bid.kind_"+string(r.Kind))+" · "+p.t("receipt.proof_"+string(given.Proof))).Clip())),
				widgets.NewButton(widgets.Link, p.t("bid.receipt_save"), func() { p.save(given) })))
		}
		out = append(out, col)
	}
	return out
}

// saveReceipt saves the newest receipt.
func (p *tool) saveReceipt() {
	now := p.view.Current()
	if now == nil || len(now.Receipts) == 0 {
		return
	}
	p.save(p.host.Session().BidReceiptOf(now.Receipts[len(now.Receipts)-1], p.view.Outline.Name))
}

func (p *tool) save(r desk.BidReceipt) {
	p.host.SaveFile(p.t("outbox.receipt_file", "number", r.Number), func(to string) {
		p.host.Do(p.life, func(context.Context) error { return p.host.Session().SaveBidReceipt(r, to) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Toast(theme.Good, p.t("outbox.receipt_saved"))
		})
	})
}

// build makes the file (生成标书).
func (p *tool) build() {
	p.withKey(pin.Request{Confirm: p.t("bid.build"), Facts: []widgets.Fact{
		{Name: p.t("bid.fact_tender"), Value: p.view.Outline.Name}, {Name: p.t("bid.fact_what"), Value: p.t("bid.build_what", "count", len(p.view.Nodes))},
	}}, p.t("bid.build"), func(ctx context.Context, u desk.KeyUse, progress bids.Progress) error {
		return p.host.Session().BuildBid(ctx, p.project, u, progress)
	}, func() {
		p.host.Toast(theme.Good, p.t("bid.built_toast"))
		p.tree.Choose(atFile)
	})
}

// verify judges the file as the platform will (检查密封).
func (p *tool) verify() {
	p.work(p.t("bid.verify"), func(ctx context.Context, progress bids.Progress) error {
		_, err := p.host.Session().VerifyBid(ctx, p.project, progress)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.host.Toast(theme.Good, p.t("bid.verified"))
	})
}

// export copies the file to where the person wants it.
func (p *tool) export() {
	p.host.SaveFile(p.view.Outline.Tender+"-"+p.view.Outline.Lot+".bid", func(to string) {
		p.work(p.t("bid.export"), func(ctx context.Context, _ bids.Progress) error { return p.project.Export(ctx, to) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Toast(theme.Good, p.t("bid.exported"))
		})
	})
}

// upload hands the file in; one that was handed in before is replaced.
func (p *tool) upload() {
	if p.view.Current() != nil {
		p.host.Ask(p.t("bid.replace_title"), p.t("bid.replace_body"), false, p.t("bid.replace"), p.send)
		return
	}
	p.send()
}

func (p *tool) send() {
	p.work(p.t("bid.step_upload"), func(ctx context.Context, progress bids.Progress) error {
		_, err := p.host.Session().SendBid(ctx, p.project, progress)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.host.Toast(theme.Good, p.t("bid.uploaded"))
		p.tree.Choose(atFile)
	})
}

// withdraw takes back what was handed in, or is on its way (撤回).
func (p *tool) withdraw() {
	p.host.Ask(p.t("bid.withdraw_title"), p.t("bid.withdraw_body", "name", p.view.Outline.Name), true, p.t("bid.withdraw_confirm"), func() {
		p.change(func(ctx context.Context) error {
			_, err := p.host.Session().WithdrawBid(ctx, p.project)
			return err
		})
	})
}
