package stamp

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// templates is the choice among the places that are remembered for this kind of document.
type templates struct {
	p      *Page
	kept   []desk.Template
	row    *fyne.Container
	choice *widgets.SelectField
	more   *widgets.IconButton
}

func (t *templates) build(p *Page) {
	t.p = p
	t.choice = widgets.NewSelectField(p.t("stamp.template_none"))
	t.choice.OnChanged = t.use
	t.more = widgets.NewIconButton(theme.IconMore, t.menu)
	t.row = widgets.Row(6, widgets.Grow(t.choice), widgets.Middle(t.more))
}

func (t *templates) name(k desk.Template) string {
	if k.Name == desk.LastPlaces {
		return t.p.t("stamp.template_last")
	}
	return k.Name
}

// set shows what is remembered, the last places first.
func (t *templates) set(kept []desk.Template) {
	t.kept = kept
	var options []widgets.Option
	for _, k := range kept {
		options = append(options, widgets.Option{Text: t.name(k)})
	}
	if len(options) == 0 {
		options = []widgets.Option{{Text: t.p.t("stamp.template_empty"), Off: true}}
	}
	t.choice.SetOptions(options...)
}

// use puts the seal where a template says.
func (t *templates) use(i int) {
	p := t.p
	if !p.ready() || i < 0 || i >= len(t.kept) {
		return
	}
	p.plan.replace(t.kept[i].Places)
	for _, place := range t.kept[i].Places {
		p.look(place.Keyword)
	}
	p.draw()
	p.reveal()
}

// menu is what can be done about templates.
func (t *templates) menu() {
	p := t.p
	if !p.ready() {
		return
	}
	options := []widgets.Option{{Text: p.t("stamp.template_save")}}
	does := []func(){t.askName}
	if i := t.choice.Chosen(); i >= 0 && i < len(t.kept) {
		k := t.kept[i]
		if k.Name != desk.LastPlaces {
			options = append(options, widgets.Option{Text: p.t("stamp.template_update", "name", k.Name)})
			does = append(does, func() { t.keep(k.Name) })
		}
		options = append(options, widgets.Option{Text: p.t("stamp.template_drop", "name", t.name(k))})
		does = append(does, func() { t.drop(k) })
	}
	widgets.ShowMenu(t.more, options, func(i int) { does[i]() })
}

func (t *templates) askName() {
	p := t.p
	name := widgets.NewTextField(p.t("stamp.template_name"))
	var d *widgets.Dialog
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() })
	confirm := widgets.NewButton(widgets.Primary, p.t("stamp.template_keep"), nil)
	check := func(text string) {
		confirm.SetReason(reasonIf(strings.TrimSpace(text) == "", p.t("stamp.why_no_name")))
	}
	enter := func() {
		if confirm.Reason() == "" {
			d.Close()
			t.keep(strings.TrimSpace(name.Text()))
		}
	}
	confirm.SetOnPress(enter)
	name.OnChanged, name.OnSubmitted = check, func(string) { enter() }
	check("")
	d = widgets.NewDialog(p.t("stamp.template_save"), widgets.Column(8, name, widgets.NewParagraph(p.t("stamp.template_for"), theme.TextCaption, theme.Text2)), cancel, confirm).FocusFirst(name)
	p.host.Dialog(d)
}

// keep remembers the places as they are under a name.
func (t *templates) keep(name string) {
	places := t.p.plan.now().places
	t.change(name, func(s *desk.Session, kind string) error {
		return s.KeepTemplate(kind, desk.Template{Name: name, Places: places})
	}, t.p.t("stamp.template_kept", "name", name))
}

func (t *templates) drop(k desk.Template) {
	t.change("", func(s *desk.Session, kind string) error { return s.DropTemplate(kind, k.Name) }, t.p.t("stamp.template_dropped", "name", t.name(k)))
}

// change changes what is remembered and reads it again; chosen is the name that is chosen then.
func (t *templates) change(chosen string, do func(s *desk.Session, kind string) error, done string) {
	p := t.p
	s, kind := p.host.Session(), p.of.DocumentKind()
	var kept []desk.Template
	p.host.Do(p.ctx, func(context.Context) (err error) {
		if err = do(s, kind); err != nil {
			return err
		}
		kept, err = s.Templates(kind)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		t.set(kept)
		for i, k := range kept {
			if chosen != "" && k.Name == chosen {
				t.choice.Choose(i)
			}
		}
		p.host.Toast(theme.Good, done)
	})
}
