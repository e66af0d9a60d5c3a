package hall

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// logShown is how much of what happened stands beside the bidders; the record has all of it.
const logShown = 30

// A happening is something that the log tells.
type happening struct {
	at        time.Time
	who, said string
}

// happenings are what the host did, and who came late, the newest first.
func (p *Room) happenings() []happening {
	t := p.view.Tender
	var all []happening
	if t.Opening != nil {
		for _, l := range t.Opening.Log {
			all = append(all, happening{l.At, l.Person, desk.ActSaid(p.host.Words(), l, p.view.Bids)})
		}
	}
	for _, l := range t.Late {
		all = append(all, happening{l.At, p.t("hall.platform"), p.t("hall.late_said", "bidder", l.Bidder.Name)})
	}
	slices.SortStableFunc(all, func(a, b happening) int { return b.at.Compare(a.at) })
	return all
}

// logCard is what happened, the newest first.
func (p *Room) logCard() fyne.CanvasObject {
	col := widgets.Column(p.look.text * 2 / 3)
	all := p.happenings()
	if len(all) == 0 {
		col.Add(widgets.NewParagraph(p.t("hall.log_none"), p.look.text, theme.Text3))
	}
	for _, x := range all[:min(len(all), logShown)] {
		head := widgets.Row(8, widgets.NewText(x.who, p.look.text-1, theme.Text2), widgets.NewText(x.at.In(words.Zone).Format("15:04:05"), p.look.text-1, theme.Text3))
		col.Add(widgets.Column(3, head, bubble(x.said, p.look.text)))
	}
	title := widgets.Pad(14, theme.CardPad, 12, theme.CardPad, widgets.NewText(p.t("hall.log"), p.look.title, theme.Text).Bold())
	body := widgets.NewScrollArea(widgets.Pad(14, theme.CardPad, 14, theme.CardPad, col))
	return widgets.Card(widgets.Border(widgets.Column(0, title, widgets.HLine()), nil, nil, nil, body))
}

func bubble(text string, size float32) fyne.CanvasObject {
	return widgets.Filled(theme.GreySoft, widgets.Pad(8, 10, 8, 10, widgets.NewParagraph(text, size, theme.Text)))
}
