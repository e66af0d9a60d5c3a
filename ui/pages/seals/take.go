package seals

import (
	"context"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/pin"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// OpenFile implements page.Opener: a seal is imported.
func (p *Page) OpenFile() { p.host.ChooseFile(desk.SealFiles(), p.importFile) }

// Drop implements page.Dropper.
func (p *Page) Drop(_ fyne.Position, files []fyne.URI) {
	if len(files) > 0 {
		p.importFile(files[0].Path())
	}
}

func (p *Page) importFile(path string) {
	var draft desk.SealDraft
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		draft, err = p.seal().ReadFile(ctx, path)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.take(draft)
	})
}

// take shows what was read, asks for what is not known, and keeps it.
func (p *Page) take(draft desk.SealDraft) {
	face := widgets.Stack()
	ground := canvas.NewRectangle(theme.Head)
	ground.CornerRadius = theme.ControlRadius
	show := func() {
		face.Objects = []fyne.CanvasObject{trueSize(p.host, draft.Seal)}
		face.Refresh()
	}
	show()
	title, mm := widgets.NewTextField(""), widgets.NewTextField("")
	title.SetText(draft.Title)
	mm.SetText(millimetres(max(draft.Seal.WidthMM, draft.Seal.HeightMM)))
	shown := widgets.Fixed(0, 200, widgets.Stack(ground, widgets.Center(face)))
	size := widgets.NewFieldAbove(p.t("seals.size_ask"), true, mm, p.t("seals.size_hint"))
	named := widgets.NewFieldAbove(p.t("seals.title_of"), true, title, "")
	col := widgets.Column(6, shown, named, size)
	if draft.SizeKnown {
		beside := widgets.Row(18, widgets.Fixed(max(200, face.MinSize().Width+20), 0, shown), widgets.Grow(widgets.FactLines(p.facts(draft.SealChoice)...)))
		col = widgets.Column(10, beside, named)
	}
	if len(draft.Doubts) > 0 {
		col.Add(widgets.WarnPanel(page.ErrorText(draft.Doubts[0])))
	}
	var d *widgets.Dialog
	confirm := widgets.NewButton(widgets.Primary, p.t("seals.take"), nil)
	check := func(string) {
		why := ""
		if strings.TrimSpace(title.Text()) == "" {
			why = p.t("seals.why_title")
		}
		if !draft.SizeKnown {
			n, err := strconv.ParseFloat(strings.TrimSpace(mm.Text()), 64)
			if err == nil {
				err = draft.Resize(n)
			}
			trouble := ""
			if err != nil {
				trouble = p.t("seals.why_size")
				why = trouble
			}
			size.SetError(trouble)
			show()
		}
		confirm.SetReason(why)
	}
	title.OnChanged, mm.OnChanged = check, check
	confirm.SetOnPress(func() {
		if confirm.Reason() != "" {
			return
		}
		draft.Title = title.Text()
		d.Close()
		p.keep(draft)
	})
	d = widgets.NewDialog(p.t("seals.take_title"), col, widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() }), confirm).Wide(560)
	if !draft.SizeKnown {
		d.FocusFirst(mm)
	}
	p.host.Dialog(d)
}

// facts are what a seal says of itself.
func (p *Page) facts(s desk.SealChoice) []widgets.Fact {
	facts := []widgets.Fact{{Name: p.t("seals.size"), Value: size(s)}}
	if s.Electronic == nil {
		return facts
	}
	return append(facts,
		widgets.Fact{Name: p.t("seals.owner"), Value: s.Owner},
		widgets.Fact{Name: p.t("seals.maker"), Value: s.Maker},
		widgets.Fact{Name: p.t("seals.number"), Value: s.Number},
		widgets.Fact{Name: p.t("seals.term"), Value: s.From.Local().Format(time.DateOnly) + " — " + s.Until.Local().Format(time.DateOnly)})
}

func (p *Page) keep(draft desk.SealDraft) {
	p.do(func() error {
		_, err := p.seal().Keep(draft)
		return err
	}, p.t("seals.kept", "title", draft.Title))
}

// readKey looks for seals on the key of this session; without a PIN, at what lies open.
func (p *Page) readKey(secret *desk.KeyPIN) {
	var read desk.KeyRead
	p.host.Toast(theme.Info, p.t("seals.reading"))
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		read, err = p.seal().ReadKey(ctx, secret)
		return err
	}, func(err error) {
		switch trouble, again := pin.Again(p.host, err); {
		case again:
			p.askPIN(trouble)
		case err != nil:
			p.host.Tell(err)
		case len(read.Seals) == 0 && read.Locked > 0:
			p.askPIN("")
		default:
			p.found(read)
		}
	})
}

// found shows what is on the key and takes what the person wants of it.
func (p *Page) found(read desk.KeyRead) {
	col := widgets.Column(10)
	var chosen []*widgets.Checkbox
	var d *widgets.Dialog
	confirm := widgets.NewButton(widgets.Primary, p.t("seals.take"), nil)
	check := func(bool) {
		why := p.t("seals.why_none_chosen")
		for _, c := range chosen {
			if c.On() {
				why = ""
			}
		}
		confirm.SetReason(why)
	}
	for _, s := range read.Seals {
		box := widgets.NewCheckbox(s.Title, check)
		box.Set(true)
		chosen = append(chosen, box)
		_, ink, _ := p.term(s.SealChoice)
		term, _, _ := p.term(s.SealChoice)
		col.Add(widgets.Row(14, picture(s.Seal, 72, 72), widgets.Grow(widgets.Column(3, box,
			widgets.Pad(0, 0, 0, 26, widgets.NewText(term, theme.TextCaption, ink).Clip()), widgets.Pad(0, 0, 0, 26, p.doubt(s.SealChoice))))))
	}
	if len(read.Seals) == 0 {
		col.Add(widgets.InfoPanel(widgets.ErrorText{What: p.t("seals.key_none", "count", read.Looked), Do: p.t("seals.key_none_do")}))
	}
	for _, err := range read.Errs {
		col.Add(widgets.WarnPanel(page.ErrorText(p.host.Words().Problem(err))))
	}
	if read.Locked > 0 {
		col.Add(widgets.Row(8, widgets.Grow(widgets.Quiet(p.t("seals.key_locked", "count", read.Locked)).Clip()),
			widgets.NewButton(widgets.Link, p.t("seals.enter_pin"), func() {
				d.Close()
				p.askPIN("")
			})))
	}
	confirm.SetOnPress(func() {
		d.Close()
		for i, c := range chosen {
			if c.On() {
				p.keep(read.Seals[i])
			}
		}
	})
	check(true)
	var body fyne.CanvasObject = col
	const most = 400 // pixels: a key may hold many
	if col.MinSize().Height > most {
		body = widgets.Fixed(0, most, widgets.NewScrollArea(col))
	}
	d = widgets.NewDialog(p.t("seals.key_title"), body, widgets.NewButton(widgets.Secondary, p.t("button.close"), func() { d.Close() }), confirm).Wide(520)
	p.host.Dialog(d)
}

func (p *Page) doubt(s desk.SealChoice) fyne.CanvasObject {
	if len(s.Doubts) == 0 {
		return widgets.Gap(1, 1)
	}
	return widgets.NewText(s.Doubts[0].What, theme.TextCaption, theme.Amber).Clip()
}

// askPIN asks for the PIN that opens the rest of the key's data; trouble is what went wrong with the one before.
func (p *Page) askPIN(trouble string) {
	pin.Ask(p.ctx, p.host, pin.Request{
		Facts:   []widgets.Fact{{Name: p.t("seals.pin_for"), Value: p.t("seals.pin_for_what")}},
		Confirm: p.t("seals.read_key"), Once: true,
		Run: func(secret []byte, lastTry, _ bool) { p.readKey(&desk.KeyPIN{PIN: secret, LastTry: lastTry}) },
	}, trouble)
}
