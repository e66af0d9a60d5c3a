package bid

import (
	"context"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/clean"
	"sealdesk/ui/pages/pin"
	"sealdesk/ui/pages/sealrule"
	"sealdesk/ui/pages/stamp"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

var tones = map[bids.Stage]theme.Tone{bids.None: theme.Neutral, bids.Added: theme.Warn, bids.Ready: theme.Info, bids.Stamped: theme.Good}

// asked is what the outline asks of a part, in a line.
func (p *tool) asked(n bids.Node) string {
	parts := []string{p.t("bid.asked_optional")}
	if n.Required {
		parts[0] = p.t("bid.asked_required")
	}
	if len(n.Types) > 0 {
		parts = append(parts, p.t("bid.asked_types", "types", n.Types))
	}
	if n.Stamp {
		parts = append(parts, p.t("bid.asked_stamp"))
	}
	if n.Envelope != "" {
		parts = append(parts, p.t("bid.asked_sealed", "envelope", n.Envelope))
	} else {
		parts = append(parts, p.t("bid.asked_open"))
	}
	return strings.Join(parts, " · ")
}

// nodeDetail is a part of the outline: its file, what was taken out of it, its seal.
func (p *tool) nodeDetail(n bids.Node) fyne.CanvasObject {
	col := widgets.Column(14, widgets.Row(12, widgets.Grow(heading(n.Name, p.asked(n))), widgets.NewChip(p.stage(n), tones[n.Stage])), widgets.HLine())
	if n.Stage == bids.None {
		if p.fixed() {
			return col
		}
		zone := widgets.NewDropZone(p.t("bid.drop"), p.t("bid.drop_note"), func() { p.choose(n) }).High(150)
		col.Add(zone)
		if p.host.Session().HasTenders() {
			col.Add(widgets.Row(10, widgets.NewButton(widgets.Secondary, p.t("bid.from_credit"), func() { p.pickCredit(n) }).WithIcon(theme.IconVerify),
				widgets.Grow(widgets.Quiet(p.t("bid.from_credit_note")).Clip())))
		}
		return col
	}
	facts := []widgets.Fact{{Name: p.t("bid.fact_file"), Value: n.Original}, {Name: p.t("bid.fact_size"), Value: words.Size(n.File.Size)}, {Name: "SHA-256", Value: n.File.SHA256}}
	if n.Report != nil {
		facts = append(facts, widgets.Fact{Name: p.t("bid.fact_pages"), Value: fmt.Sprint(n.Report.Pages)})
	}
	if n.Credit != "" {
		facts = append(facts, widgets.Fact{Name: p.t("bid.fact_from"), Value: p.t("bid.credit")})
	}
	col.Add(widgets.FactLines(facts...))
	buttons := []fyne.CanvasObject{}
	add := func(kind widgets.ButtonKind, key string, do func()) {
		buttons = append(buttons, widgets.NewButton(kind, p.t(key), do))
	}
	if n.Stage == bids.Added && !p.fixed() {
		kind := widgets.Secondary
		if p.missing() == n.Code { // it is the next step
			kind = widgets.Primary
		}
		add(kind, "bid.confirm", func() { p.change(func(ctx context.Context) error { return p.project.Confirm(ctx, n.Code) }) })
	}
	if n.Stage == bids.Ready && n.Stamps && !p.fixed() {
		add(widgets.Secondary, "bid.stamp", func() { p.host.Open(stamp.New(p.host, p.paper(n))) })
	}
	if n.Stamps {
		add(widgets.Secondary, "bid.look_at", func() { p.host.Open(newLook(p.host, p.project, n)) })
	}
	if !p.fixed() {
		add(widgets.Secondary, "bid.exchange", func() { p.choose(n) })
		if n.Stage == bids.Stamped {
			add(widgets.Link, "bid.unstamp", func() { p.change(func(ctx context.Context) error { return p.project.Unseal(ctx, n.Code) }) })
		}
		add(widgets.Link, "bid.remove", func() { p.remove(n) })
	}
	col.Add(widgets.Row(10, buttons...))
	switch {
	case n.Report != nil:
		col.Add(widgets.HLine())
		col.Add(clean.Found(p.host.Words(), n.Report))
	default:
		col.Add(widgets.InfoPanel(widgets.ErrorText{What: p.t("bid.as_it_is"), Do: p.t("bid.as_it_is_do")}))
	}
	return col
}

// choose lets the person choose a file for a part.
func (p *tool) choose(n bids.Node) {
	endings := []string{"pdf", "docx", "doc"}
	if len(n.Types) > 0 {
		endings = nil
		for _, t := range n.Types {
			endings = append(endings, strings.TrimPrefix(t, "."))
			if t == ".pdf" {
				endings = append(endings, "docx", "doc") // their clean copies are PDFs
			}
		}
	}
	p.host.ChooseFile(endings, func(path string) { p.add(n, path) })
}

func (p *tool) add(n bids.Node, path string) {
	p.work(p.t("bid.adding", "name", n.Name), func(ctx context.Context, progress bids.Progress) error {
		return p.project.Add(ctx, n.Code, bids.Addition{Path: path}, progress)
	}, p.added(n))
}

// added goes on to the next part, unless something must be confirmed first.
func (p *tool) added(n bids.Node) func(error) {
	return func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		if now, _ := p.project.View().Node(n.Code); now.Stage == bids.Ready {
			p.host.Toast(theme.Good, p.t("bid.added", "name", n.Name))
		}
	}
}

// change does something short, and shows everything anew.
func (p *tool) change(do func(context.Context) error) {
	p.host.Do(p.life, do, func(err error) {
		if err != nil {
			p.host.Tell(err)
		}
		p.refresh()
	})
}

func (p *tool) remove(n bids.Node) {
	p.host.Ask(p.t("bid.remove_title"), p.t("bid.remove_body", "file", n.Original, "name", n.Name), true, p.t("bid.remove_confirm"), func() {
		p.change(func(ctx context.Context) error { return p.project.Remove(ctx, n.Code) })
	})
}

// stamp asks for the seal and one rule for its place, then for the PIN, and seals the parts (批量签章).
func (p *tool) stamp(parts []string) {
	var d *widgets.Dialog
	var rule *sealrule.Rule
	confirm := widgets.NewButton(widgets.Primary, p.t("bid.stamp_go"), nil)
	rule = sealrule.New(p.host, func() { confirm.SetReason(rule.Why()) })
	rule.ByWay(sealrule.ByPosition)
	rule.Prefer(p.usualSeal())
	confirm.SetReason(rule.Why())
	confirm.SetOnPress(func() {
		choice, places, ok := rule.Read()
		if !ok {
			return
		}
		d.Close()
		p.withKey(pin.Request{Confirm: p.t("bid.stamp_go"), Facts: []widgets.Fact{
			{Name: p.t("batch.fact_files"), Value: p.names(parts)}, {Name: p.t("batch.fact_rule"), Value: rule.Said()},
		}}, p.t("bid.step_stamp"), func(ctx context.Context, u desk.KeyUse, progress bids.Progress) error {
			return p.host.Session().SealBid(ctx, p.project, parts, desk.BidSeal{Seal: choice, Places: places, KeyUse: u}, progress)
		}, func() { p.host.Toast(theme.Good, p.t("bid.stamped", "count", len(parts))) })
	})
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() })
	d = widgets.NewDialog(p.t("bid.stamp_title", "count", len(parts)), widgets.Column(14, widgets.NewParagraph(p.names(parts), theme.TextTable, theme.Text2), rule.Fields()), cancel, confirm)
	p.host.Dialog(d)
	rule.Load(p.life)
}

func (p *tool) names(parts []string) string {
	var names []string
	for _, code := range parts {
		names = append(names, p.nameOf(code))
	}
	return strings.Join(names, p.t("found.comma"))
}
