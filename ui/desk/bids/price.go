package bids

import (
	"context"
	"slices"

	"sealdesk/signer/bid"
	"sealdesk/ui/desk/amount"
)

// Money reads a sum for the price form.
func Money(text string) (int64, string, error) {
	sum, err := amount.Parse(text)
	return int64(sum), sum.Capitals(), err
}

// A PriceLine is one line of the price form (开标一览表).
type PriceLine struct {
	bid.FormField
	Value    string
	Capitals string // as typed; where nobody typed any, what the digits say
}

// SetPrice keeps what was typed into a line of the price form. Capitals that are left empty follow the digits. The form need not
// be right: Check tells.
//
// Error: bids.no_field.
func (p *Project) SetPrice(ctx context.Context, name, value, capitals string) error {
	if p.outline.Price == nil || !slices.ContainsFunc(p.outline.Price.Fields, func(f bid.FormField) bool { return f.Name == name }) {
		return fault("no_field", nil, "field", name)
	}
	return p.change(ctx, func(s *state) error {
		s.Price = slices.DeleteFunc(s.Price, func(f bid.Field) bool { return f.Name == name })
		if value != "" || capitals != "" {
			s.Price = append(s.Price, bid.Field{Name: name, Value: value, Capitals: capitals})
		}
		return nil
	})
}

// price is the form as it goes into the bid: in the outline's order, with the capitals that nobody typed.
func (s state) price(o *bid.Outline) bid.Price {
	var out bid.Price
	for _, l := range s.lines(o) {
		if l.Value != "" {
			out.Fields = append(out.Fields, bid.Field{Name: l.Name, Value: l.Value, Capitals: l.Capitals})
		}
	}
	return out
}

func (s state) lines(o *bid.Outline) []PriceLine {
	if o.Price == nil {
		return nil
	}
	var out []PriceLine
	for _, f := range o.Price.Fields {
		l := PriceLine{FormField: f}
		if i := slices.IndexFunc(s.Price, func(t bid.Field) bool { return t.Name == f.Name }); i >= 0 {
			l.Value, l.Capitals = s.Price[i].Value, s.Price[i].Capitals
		}
		if _, capitals, err := Money(l.Value); err == nil && f.Capitals && l.Capitals == "" {
			l.Capitals = capitals
		}
		out = append(out, l)
	}
	return out
}
