package form

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// laterKinds are the documents that can follow a concluded contract, in the order in which they are offered.
var laterKinds = []platformapi.ContractKind{platformapi.ContractSupplement, platformapi.ContractChange, platformapi.ContractTermination}

// drawLater shows 05 后续文件: the supplements, changes and the termination of a concluded contract, and the way to a new one.
func (p *Page) drawLater() {
	v := p.view
	why, may := v.Why(desk.ActionAmend)
	if !p.later.fresh(v.State, v.Parent, v.Amendments, may, why.What) {
		return
	}
	if v.State != platformapi.StateConcluded || v.Parent != "" {
		p.later.put()
		return
	}
	col := widgets.Column(0)
	for _, a := range v.Amendments {
		state := p.t("state." + string(a.State) + ".lot")
		sum := ""
		if a.AmountFen > 0 {
			sum = p.yuan(a.AmountFen)
		}
		col.Add(widgets.Pad(9, 0, 9, 0, widgets.Row(theme.TableGap,
			widgets.Fixed(kindWidth, 0, widgets.NewText(p.t("form.kind_"+string(a.Kind)), theme.TextBody, theme.Text)),
			widgets.Grow(widgets.NewText(a.Name, theme.TextTable, theme.Text).Clip()),
			widgets.NewText(sum, theme.TextTable, theme.Text2), widgets.NewChip(state, tone(a.State, true)),
			widgets.NewButton(widgets.Link, p.t("form.later_open"), func() { Open(p.ctx, p.host, a.ID) }))))
		col.Add(widgets.HLine())
	}
	if len(v.Amendments) == 0 {
		col.Add(widgets.Pad(6, 0, 6, 0, widgets.Quiet(p.t("form.later_none"))))
	}
	buttons := widgets.Row(10)
	for _, kind := range laterKinds {
		b := widgets.NewButton(widgets.Secondary, p.t("form.kind_"+string(kind)), func() { p.amend(kind) }).WithIcon(theme.IconPlus)
		if !may {
			b.SetReason(why.What)
		}
		buttons.Add(b)
	}
	if !may {
		buttons.Add(widgets.Quiet(why.What))
	}
	col.Add(widgets.Pad(10, 0, 14, 0, buttons))
	p.later.put(widgets.Section("05", p.t("form.later"), p.t("form.later_sub"), col))
}

// amend begins a later document, or goes on with the one that was begun here.
func (p *Page) amend(kind platformapi.ContractKind) {
	show(p.ctx, p.host, func(ctx context.Context) (*desk.Work, error) {
		return p.host.Session().NewAmendment(ctx, p.work.View(ctx), kind)
	})
}

// chooseTemplate shows the platform's templates for this contract and brings the chosen one to where the person wants it.
func (p *Page) chooseTemplate() {
	const high = 300
	list := widgets.NewScrollArea(widgets.Gap(1, 1))
	faces := widgets.NewFaces(list)
	ctx, end := context.WithCancel(p.life)
	var d *widgets.Dialog
	done := func() {
		end()
		d.Close()
	}
	body := widgets.Column(12, widgets.NewParagraph(p.t("form.template_body"), theme.TextTable, theme.Text2), widgets.Fixed(0, high, faces))
	d = widgets.NewDialog(p.t("form.template_title"), body, widgets.NewButton(widgets.Secondary, p.t("button.cancel"), done), nil).Wide(620)
	var read func()
	read = func() {
		faces.Loading()
		var all []platformapi.Template
		of, kind := p.view.Lot.Kind, p.view.Kind
		p.host.Do(ctx, func(ctx context.Context) (err error) {
			all, err = p.host.Session().ContractTemplates(ctx, of, kind)
			return err
		}, func(err error) {
			switch {
			case err != nil:
				page.Failed(p.host, faces, err, read)
			case len(all) == 0:
				faces.Empty(p.t("form.template_none"), nil)
			default:
				col := widgets.Column(0)
				for _, t := range all {
					col.Add(p.templateLine(t, done))
					col.Add(widgets.HLine())
				}
				list.SetContent(widgets.Pad(0, 12, 0, 0, col))
				faces.Filled()
			}
		})
	}
	p.host.Dialog(d)
	read()
}

func (p *Page) templateLine(t platformapi.Template, done func()) fyne.CanvasObject {
	line := widgets.Column(2, widgets.NewText(t.Name, theme.TextBody, theme.Text).Clip())
	if t.Note != "" {
		line.Add(widgets.Quiet(t.Note).Clip())
	}
	return widgets.Pad(10, 0, 10, 0, widgets.Row(12, widgets.Grow(line), widgets.Quiet(words.Size(t.Size)),
		widgets.NewButton(widgets.Link, p.t("form.template_get"), func() {
			done()
			p.saveAs(t.File, func(ctx context.Context, to string) error { return p.host.Session().SaveTemplate(ctx, t, to) })
		})))
}
