package hall

import (
	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// logShown is how much of what happened stands beside the bidders; the record has all of it.
const logShown = 30

// logCard is what the host did, the newest first.
func (p *Room) logCard() fyne.CanvasObject {
	col := widgets.Column(p.look.text * 2 / 3)
	var log []platformapi.OpeningLog
	if o := p.view.Tender.Opening; o != nil {
		log = o.Log
	}
	if len(log) == 0 {
		col.Add(widgets.NewParagraph(p.t("hall.log_none"), p.look.text, theme.Text3))
	}
	for i := len(log) - 1; i >= max(0, len(log)-logShown); i-- {
		l := log[i]
		head := widgets.Row(8, widgets.NewText(l.Person, p.look.text-1, theme.Text2), widgets.NewText(l.At.In(words.Zone).Format("15:04:05"), p.look.text-1, theme.Text3))
		col.Add(widgets.Column(3, head, bubble(p.logText(l), p.look.text)))
	}
	title := widgets.Pad(14, theme.CardPad, 12, theme.CardPad, widgets.NewText(p.t("hall.log"), p.look.title, theme.Text).Bold())
	body := widgets.NewScrollArea(widgets.Pad(14, theme.CardPad, 14, theme.CardPad, col))
	return widgets.Card(widgets.Border(widgets.Column(0, title, widgets.HLine()), nil, nil, nil, body))
}

func bubble(text string, size float32) fyne.CanvasObject {
	return widgets.Filled(theme.GreySoft, widgets.Pad(8, 10, 8, 10, widgets.NewParagraph(text, size, theme.Text)))
}

// logText says one act in a sentence.
func (p *Room) logText(l platformapi.OpeningLog) string {
	bidder := ""
	if b, ok := p.view.Bid(l.BidID); ok {
		bidder = b.Bidder.Name
	}
	key := "hall.did_" + string(l.Act)
	if l.Act == platformapi.MoveAttribute {
		key += "_" + string(l.To)
	}
	said := p.t(key, "minutes", l.Minutes, "bidder", bidder, "count", len(p.view.Bids))
	if l.Reason != "" {
		said += p.t("hall.did_reason", "reason", l.Reason)
	}
	return said
}
