package stamp

import (
	"errors"
	"fmt"
	"strings"

	"sealdesk/signer"
	"sealdesk/signer/seal"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// tell says what stands against the places as they are, and why something cannot be pressed.
func (p *Page) tell() {
	p.notices.Objects = nil
	why := ""
	for i, s := range p.spots {
		var text string
		switch {
		case s.err != nil:
			text = p.trouble(s.err)
		case s.outside() != nil:
			text = p.sticksOut(s.outside())
		default:
			continue
		}
		if len(p.spots) > 1 {
			text = p.t("stamp.place_is", "n", i+1, "place", text)
		}
		if why == "" {
			why = text
		}
		p.notices.Add(widgets.NewParagraph(text, theme.TextCaption, theme.Red))
		if kind := p.plan.places[i].Kind; s.outside() != nil && kind != seal.AtEdge && kind != seal.AtField {
			p.notices.Add(widgets.Start(widgets.NewButton(widgets.Link, p.t("stamp.move_inside"), func() { p.moveInside(i) })))
		}
	}
	var all []signer.Impression
	for _, s := range p.spots {
		all = append(all, s.Impressions...)
	}
	if crowded := p.shown.Layout.Crowded(all); len(crowded) > 0 {
		text := p.host.Words().Problem(&signer.Error{Kind: signer.TooMuch, Page: crowded[0]}).String()
		if why == "" {
			why = text
		}
		p.notices.Add(widgets.NewParagraph(text, theme.TextCaption, theme.Red))
	}
	for _, who := range p.overlapped() {
		p.notices.Add(widgets.NewParagraph(p.t("stamp.overlaps", "signer", who.Signer, "page", who.Page), theme.TextCaption, theme.Amber))
	}
	if err := p.shown.Layout.Refused(); err != nil {
		why = p.host.Words().Problem(err).What
		p.notices.Add(widgets.NewParagraph(p.host.Words().Problem(err).String(), theme.TextCaption, theme.Red))
	}
	if p.terms.Why != "" {
		why = p.terms.Why
	}
	p.sign.SetReason(why)
	p.remove.SetReason(reasonIf(len(p.plan.places) < 2, p.t("stamp.why_only")))
	p.undo.SetReason(reasonIf(len(p.plan.past) == 0, p.t("stamp.why_no_undo")))
	p.redo.SetReason(reasonIf(len(p.plan.future) == 0, p.t("stamp.why_no_redo")))
	if len(p.notices.Objects) > 0 {
		p.notices.Show()
	} else {
		p.notices.Hide()
	}
	p.notices.Refresh()
	p.panel.Refresh()
}

func reasonIf(on bool, why string) string {
	if on {
		return why
	}
	return ""
}

// trouble is an error of placing in one sentence.
func (p *Page) trouble(err error) string {
	if _, searching := errors.AsType[errSearching](err); searching {
		return p.t("stamp.searching")
	}
	return p.host.Words().Problem(err).What
}

// sticksOut says on which page the seal sticks out, where, and how far.
func (p *Page) sticksOut(out *seal.OutsideError) string {
	var sides []string
	for _, s := range []struct {
		key string
		mm  float64
	}{{"left", out.Left}, {"right", out.Right}, {"top", out.Top}, {"bottom", out.Bottom}} {
		if s.mm > 0 {
			sides = append(sides, p.t("stamp.out_"+s.key, "mm", fmt.Sprintf("%.1f", s.mm)))
		}
	}
	return p.t("stamp.outside", "page", out.Page, "sides", strings.Join(sides, p.t("stamp.and")))
}

// moveInside takes a place back onto its page.
func (p *Page) moveInside(i int) {
	p.plan.choose(i)
	p.plan.set("", func(at *seal.Place) {
		for range 2 { // the date may stick out at one side, and then the seal at the other
			got, err := p.shown.Layout.Locate(p.ctx, signer.Placing{
				Seal: p.seal().Seal, Places: []seal.Place{*at}, Find: p, Day: p.day(), DateFont: p.dateFont,
			})
			if err != nil || len(got.Outside) == 0 {
				return
			}
			var left, right, top, bottom float64
			for _, o := range got.Outside {
				left, right = max(left, o.Err.Left), max(right, o.Err.Right)
				top, bottom = max(top, o.Err.Top), max(bottom, o.Err.Bottom)
			}
			if at.Kind == seal.AtKeyword {
				at.DX, at.DY = outward(at.DX+left-right, left-right), outward(at.DY+top-bottom, top-bottom)
			} else {
				at.X, at.Y = max(outward(at.X+left-right, left-right), 0), max(outward(at.Y+top-bottom, top-bottom), 0)
			}
		}
	})
	p.draw()
	p.reveal()
}

// overlapped are the seals that ours would lie over, each party once.
func (p *Page) overlapped() []signer.Taken {
	var out []signer.Taken
	seen := map[string]bool{}
	for _, s := range p.spots {
		for _, o := range s.Overlaps {
			if !seen[o.Field+o.Signer] && !seen[o.Signer] {
				seen[o.Signer] = true
				out = append(out, o.Taken)
			}
		}
	}
	return out
}

// askFirst asks about what a person must decide: a seal over another party's, and a lock that keeps the other party out.
func (p *Page) askFirst() {
	p.allowed, p.unstamped = false, false
	over := p.overlapped()
	if len(over) == 0 {
		p.askLock()
		return
	}
	p.host.Ask(p.t("stamp.over_title"), p.t("stamp.overlaps", "signer", over[0].Signer, "page", over[0].Page), true, p.t("stamp.over_confirm"), func() {
		p.allowed = true
		p.askLock()
	})
}

func (p *Page) askLock() {
	if p.more.certify() != 1 {
		p.checkFirst()
		return
	}
	p.host.Ask(p.t("stamp.lock_title"), p.t("stamp.certify_1_why"), true, p.t("stamp.lock_confirm"), p.checkFirst)
}
