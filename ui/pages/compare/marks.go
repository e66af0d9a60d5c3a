package compare

import (
	"strconv"

	"sealdesk/signer/compare"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// look is how a kind of difference is marked: by colour, and for those who do not see it by shape and word.
type look struct {
	tone  theme.Tone
	shape widgets.HighlightShape
}

var looks = map[compare.Kind]look{
	compare.Added:          {theme.Good, widgets.HighlightFrame},
	compare.Removed:        {theme.Bad, widgets.HighlightStrike},
	compare.Changed:        {theme.Warn, widgets.HighlightUnderline},
	compare.Moved:          {theme.Info, widgets.HighlightBars},
	compare.PictureChanged: {theme.Warn, widgets.HighlightDashes},
	compare.PageAdded:      {theme.Good, widgets.HighlightFrame},
	compare.PageRemoved:    {theme.Bad, widgets.HighlightFrame},
	compare.SealAdded:      {theme.Info, widgets.HighlightDashes},
	compare.SealRemoved:    {theme.Bad, widgets.HighlightDashes},
	compare.SealChanged:    {theme.Warn, widgets.HighlightDashes},
}

// highlights marks the differences on one of the documents. Only the first line of a difference bears its number, and its kind in a word while it is in front.
func highlights(t func(string, ...any) string, all []compare.Difference, left bool) []widgets.Highlight {
	var out []widgets.Highlight
	for i, d := range all {
		l := looks[d.Kind]
		places := d.B
		if left {
			places = d.A
		}
		for j, at := range places {
			h := widgets.Highlight{ID: i + 1, Page: at.Page, X: at.X, Y: at.Y, W: at.Width, H: at.Height, Tone: l.tone, Shape: l.shape}
			if j == 0 {
				h.Label = strconv.Itoa(i + 1)
				h.Chosen = h.Label + " " + t("compare.flag."+string(d.Kind))
			}
			out = append(out, h)
		}
	}
	return out
}
