package bid

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/signer/bid"
	"sealdesk/ui/desk/amount"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// keepAfter is how long after the last key what was typed is kept.
const keepAfter = time.Second

// priceForm is 开标一览表.
type priceForm struct {
	p     *tool
	dirty map[string]func() (value, capitals string) // what was typed and is not kept yet, by the field's name
	timer context.CancelFunc
}

// draw makes the form.
func (f *priceForm) draw() fyne.CanvasObject {
	p := f.p
	col := widgets.Column(14, heading(p.t("bid.price"), p.t("bid.price_note")), widgets.HLine())
	if p.fixed() {
		var facts []widgets.Fact
		for _, l := range p.view.Price {
			facts = append(facts, widgets.Fact{Name: l.Name, Value: strings.TrimSpace(l.Value + "　" + l.Capitals)})
		}
		col.Add(widgets.FactLines(facts...))
		return col
	}
	var fields []fyne.CanvasObject
	for _, l := range p.view.Price {
		fields = append(fields, f.line(l)...)
	}
	col.Add(widgets.Form(1, fields...))
	col.Add(widgets.InfoPanel(widgets.ErrorText{What: p.t("bid.price_promise"), Do: p.t("bid.price_promise_do")}))
	return col
}

// line is a field, with its capitals below where the outline asks for them.
func (f *priceForm) line(l bids.PriceLine) []fyne.CanvasObject {
	p := f.p
	var value *widgets.TextField
	switch l.Kind {
	case bid.Amount:
		value = widgets.NewAmountField("0.00").TextField
	default:
		value = widgets.NewTextField("")
	}
	value.SetText(l.Value)
	hint := p.t("bid.price_hint." + string(l.Kind))
	if l.Max != "" {
		hint = p.t("bid.price_max", "max", l.Max)
	}
	field := widgets.NewField(l.Name, l.Required, value, hint)
	capitals := widgets.NewTextField(p.t("bid.capitals_hint"))
	capitals.SetText(l.Capitals)
	below := widgets.NewField(p.t("bid.capitals"), l.Required, capitals, p.t("bid.capitals_note"))
	check := func() {
		field.SetError("")
		below.SetError("")
		typed := bid.Price{Fields: []bid.Field{{Name: l.Name, Value: value.Text(), Capitals: capitals.Text()}}}
		if !l.FormField.Capitals {
			typed.Fields[0].Capitals = ""
		}
		for _, found := range p.view.Outline.CheckPrice(typed, bids.Money) {
			if found.Params["field"] != l.Name || value.Text() == "" {
				continue
			}
			what, _ := p.said(found)
			if found.Code == "bid.price_capitals" {
				below.SetError(what)
			} else {
				field.SetError(what)
			}
		}
	}
	own := l.Capitals != "" && l.Capitals != spelled(l.Value) // the person typed other capitals than the digits say
	quiet := false
	typed := func() {
		check()
		f.later(l.Name, func() (string, string) {
			if !own {
				return value.Text(), ""
			}
			return value.Text(), capitals.Text()
		})
	}
	value.OnChanged = func(string) {
		if l.FormField.Capitals && !own {
			quiet = true
			capitals.SetText(spelled(value.Text()))
			quiet = false
		}
		typed()
	}
	capitals.OnChanged = func(text string) {
		if !quiet {
			own = text != "" && text != spelled(value.Text())
			typed()
		}
	}
	check()
	if !l.FormField.Capitals {
		return []fyne.CanvasObject{field}
	}
	return []fyne.CanvasObject{field, below}
}

// spelled is a sum in capitals; "" for what is none.
func spelled(value string) string {
	sum, err := amount.Parse(value)
	if err != nil {
		return ""
	}
	return sum.Capitals()
}

// later keeps what was typed a second after the last key.
func (f *priceForm) later(name string, read func() (string, string)) {
	if f.dirty == nil {
		f.dirty = map[string]func() (string, string){}
	}
	f.dirty[name] = read
	if f.timer != nil {
		f.timer()
	}
	var ctx context.Context
	ctx, f.timer = context.WithCancel(f.p.life)
	f.p.host.Do(ctx, func(ctx context.Context) error {
		select {
		case <-time.After(keepAfter):
		case <-ctx.Done():
		}
		return ctx.Err()
	}, func(err error) {
		if err == nil {
			f.flush()
			f.p.reread()
			f.p.tree.Set(f.p.lines()...)
			f.p.drawHead()
		}
	})
}

// flush keeps what was typed now, and tells whether there was anything.
func (f *priceForm) flush() (kept bool) {
	for name, read := range f.dirty {
		value, capitals := read()
		if err := f.p.project.SetPrice(context.Background(), name, value, capitals); err != nil {
			f.p.host.Toast(theme.Bad, f.p.host.Words().Problem(err).String())
			continue
		}
		delete(f.dirty, name)
		kept = true
	}
	return kept
}
