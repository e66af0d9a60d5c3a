package publish

import (
	"regexp"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/signer/publiccopy"
	"sealdesk/ui/desk"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// maxReason is how long a reason may be, in characters.
const maxReason = 500

// hiding is the list of what the person hides beside what is hidden by itself.
type hiding struct {
	p      *Page
	words  *widgets.TextField
	reason *widgets.TextField
	items  []hidden
}

// hidden is a trade secret: words, or a whole page.
type hidden struct {
	words  string
	page   int // 0: words
	reason string
}

func newHiding(p *Page) hiding {
	return hiding{p: p, words: widgets.NewTextField(p.t("public.words_hint")), reason: widgets.NewTextField(p.t("public.reason_hint"))}
}

// wholePage reads "第3页", "page 3" or "p3".
var wholePage = regexp.MustCompile(`^(?:第\s*([0-9]{1,5})\s*页|(?i:page|p)\s*([0-9]{1,5}))$`)

func (h *hiding) content() fyne.CanvasObject {
	p := h.p
	col := widgets.Column(8, widgets.NewText(p.t("public.words"), theme.TextBody, theme.Text).Bold())
	for i, item := range h.items {
		what := "“" + item.words + "”"
		if item.page > 0 {
			what = p.t("public.whole_page", "page", item.page)
		}
		col.Add(widgets.Row(12, widgets.Grow(widgets.NewText(what+p.reason(item.reason), theme.TextBody, theme.Text).Clip()),
			widgets.NewButton(widgets.Link, p.t("public.remove"), func() {
				h.items = append(h.items[:i:i], h.items[i+1:]...)
				p.draw()
			})))
	}
	col.Add(widgets.Row(10, widgets.Grow(h.words), widgets.Grow(h.reason), widgets.NewButton(widgets.Secondary, p.t("public.add"), h.add)))
	return col
}

// add takes what stands in the two fields; the field that lacks something gets the keyboard.
func (h *hiding) add() {
	item := hidden{words: strings.TrimSpace(h.words.Text()), reason: strings.TrimSpace(h.reason.Text())}
	switch {
	case item.words == "":
		h.words.Focus()
		return
	case item.reason == "" || len([]rune(item.reason)) > maxReason:
		h.reason.Focus()
		return
	}
	if m := wholePage.FindStringSubmatch(item.words); m != nil {
		item.page, _ = strconv.Atoi(m[1] + m[2]) // five figures at most
	}
	h.items = append(h.items, item)
	h.words.SetText("")
	h.reason.SetText("")
	h.p.draw()
}

func (h *hiding) request() desk.PublicRequest {
	var r desk.PublicRequest
	for _, item := range h.items {
		if item.page > 0 {
			r.Pages = append(r.Pages, publiccopy.Page{Number: item.page, What: publiccopy.TradeSecret, Reason: item.reason})
			continue
		}
		r.Words = append(r.Words, publiccopy.Words{Text: item.words, What: publiccopy.TradeSecret, Reason: item.reason})
	}
	return r
}

// result says what was taken out of the copy, and where a person has to look.
func (p *Page) result(c *desk.PublicCopy) fyne.CanvasObject {
	lines := widgets.Column(6)
	for _, h := range c.Report.Hidden {
		lines.Add(widgets.NewText(p.t("public.hidden_line", "what", p.t("public.what_"+string(h.What)), "count", h.Count, "pages", list(h.Pages))+
			p.reason(h.Reason), theme.TextBody, theme.Text).Clip())
	}
	if len(c.Report.Hidden) == 0 {
		lines.Add(widgets.NewText(p.t("public.hidden_none"), theme.TextBody, theme.Text))
	}
	col := widgets.Column(10, widgets.InfoPanel(widgets.ErrorText{What: p.t("public.result")}), lines)
	if blind := c.Report.Blind; len(blind) > 0 {
		col.Add(widgets.WarnPanel(widgets.ErrorText{What: p.t("public.blind", "pages", list(blind)), Do: p.t("public.blind_do")}))
	}
	if missed := c.Report.Missed; len(missed) > 0 {
		col.Add(widgets.WarnPanel(widgets.ErrorText{What: p.t("public.missed", "words", strings.Join(missed, "、")), Do: p.t("public.missed_do")}))
	}
	return col
}

func (p *Page) reason(reason string) string {
	if reason == "" {
		return ""
	}
	return p.t("public.hidden_reason", "reason", reason)
}

func (p *Page) count(n int) string { return strconv.Itoa(n) }

// list writes numbers of pages.
func list(pages []int) string {
	var b strings.Builder
	for i, n := range pages {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
