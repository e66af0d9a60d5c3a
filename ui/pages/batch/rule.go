package batch

import (
	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/sealrule"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// rule is the part of the page on which the seal and its place are chosen, and what becomes of Word documents.
type rule struct {
	*sealrule.Rule
	p     *Page
	clean *widgets.Checkbox
}

func newRule(p *Page) *rule {
	r := &rule{p: p, clean: widgets.NewCheckbox(p.t("batch.clean"), nil)}
	r.Rule = sealrule.New(p.host, func() {
		if p.main != nil {
			p.foot()
		}
	})
	return r
}

// take shows a rule that was kept.
func (r *rule) take(k desk.BatchRule) {
	r.Take(k.Seal.ID, k.Places)
	r.clean.Set(k.Clean)
}

// read is the rule as the desk takes it.
func (r *rule) read() (desk.BatchRule, bool) {
	chosen, places, ok := r.Read()
	return desk.BatchRule{Seal: chosen, Places: places, Clean: r.clean.On()}, ok
}

// content is the panel: fields, or once files were checked the rule in words and the way to change it.
func (r *rule) content(fixed bool, change func()) fyne.CanvasObject {
	p := r.p
	heading := func(text string) fyne.CanvasObject {
		return widgets.NewText(text, theme.TextBody, theme.Text).Bold()
	}
	where := p.view.Out
	if where == "" {
		where = p.t("batch.out_later")
	}
	if fixed {
		col := widgets.Column(8, heading(p.t("batch.rule")), widgets.NewParagraph(r.Said(), theme.TextTable, theme.Text),
			widgets.Gap(1, 4), heading(p.t("batch.out")), widgets.NewParagraph(where, theme.TextTable, theme.Text))
		if !p.busy() && p.stage != sealed {
			col.Add(widgets.NewButton(widgets.Link, p.t("batch.change_rule"), change))
		}
		return col
	}
	choose := widgets.NewButton(widgets.Link, p.t("batch.out_change"), func() {
		p.host.ChooseFolder(func(path string) {
			p.batch.SetOut(path)
			p.refresh()
		})
	})
	if len(p.view.Rows) == 0 {
		choose.Hide()
	}
	others := widgets.NewButton(widgets.Link, p.t("batch.seal_others"), func() { p.host.Home("seals") })
	return widgets.Column(10, r.Fields(others), widgets.Gap(1, 2),
		heading(p.t("batch.rule_word")), r.clean, widgets.Gap(1, 2),
		widgets.Row(8, widgets.Grow(heading(p.t("batch.out"))), choose), widgets.NewParagraph(where, theme.TextTable, theme.Text2))
}
