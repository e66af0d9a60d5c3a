package help

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"

	guides "sealdesk/assets/help"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// A Page shows one topic at a time.
type Page struct {
	host    page.Host
	nav     string
	topics  *fyne.Container
	body    *fyne.Container
	content fyne.CanvasObject
}

// New makes the page, at the topic of a sidebar's item; the first topic is for those that have none.
func New(host page.Host, nav string) *Page {
	p := &Page{host: host, nav: nav, topics: widgets.Column(10), body: widgets.Stack()}
	p.content = widgets.Page(widgets.Border(nil, nil, widgets.Pad(0, 16, 0, 0, widgets.Fixed(232, 0, widgets.Card(widgets.Pad(16, 12, 16, 14, p.topics)))), nil,
		widgets.Card(p.body)))
	topic := guides.Topics[0]
	if slices.Contains(guides.Topics, nav) {
		topic = nav
	}
	p.show(topic)
	return p
}

// Nav implements page.Page: help belongs to the page that it was asked for from.
func (p *Page) Nav() string { return p.nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.host.Words().T("help.title") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page. Nothing changes while it is read.
func (p *Page) Show(context.Context) {}

// show draws the topics and the one that is read.
func (p *Page) show(topic string) {
	language := guides.Language(p.host.Words().Language())
	p.topics.Objects = nil
	for _, name := range guides.Topics {
		blocks, err := guides.Topic(language, name)
		if err != nil || len(blocks) == 0 {
			continue // a test sees that all are there
		}
		if name == topic {
			p.topics.Add(widgets.NewText(blocks[0].Plain(), theme.TextTable, theme.Text).Bold())
			p.body.Objects = []fyne.CanvasObject{widgets.NewScrollArea(widgets.Pad(22, 28, 28, 28, text(language, blocks)))}
			continue
		}
		p.topics.Add(widgets.Start(widgets.NewButton(widgets.Link, blocks[0].Plain(), func() { p.show(name) })))
	}
	if number := p.host.Desk().Hotline(); number != "" {
		p.topics.Add(widgets.HLine())
		p.topics.Add(widgets.NewParagraph(p.host.Words().T("hotline", "number", number), theme.TextCaption, theme.Text2))
	}
	p.content.Refresh()
}

// text sets a topic of a language.
func text(language string, blocks []guides.Block) fyne.CanvasObject {
	col := widgets.Column(8)
	for _, b := range blocks {
		switch b.Kind {
		case guides.Title:
			col.Add(widgets.NewText(b.Plain(), theme.TextTitle, theme.Text).Bold())
		case guides.Heading:
			col.Add(widgets.Pad(10, 0, 0, 0, widgets.NewText(b.Plain(), theme.TextBody, theme.Text).Bold()))
		case guides.Bullet:
			col.Add(item("•", b.Plain()))
		case guides.Step:
			col.Add(item(b.Number+".", b.Plain()))
		case guides.Picture:
			data, err := guides.PNG(language, b.File)
			if err != nil {
				continue // a test sees that all are there
			}
			col.Add(widgets.Pad(6, 0, 0, 0, widgets.NewPicture(b.File, data)))
			col.Add(widgets.Pad(0, 0, 6, 0, widgets.NewParagraph(b.Plain(), theme.TextCaption, theme.Text2)))
		case guides.Row:
			col.Add(entry(b.Cells))
		default:
			col.Add(widgets.NewParagraph(b.Plain(), theme.TextBody, theme.Text))
		}
	}
	return col
}

// item is a line of a list with its mark before it.
func item(mark, words string) fyne.CanvasObject {
	return widgets.Border(nil, nil, widgets.Fixed(24, 0, widgets.Column(0, widgets.NewText(mark, theme.TextBody, theme.Text2))), nil,
		widgets.NewParagraph(words, theme.TextBody, theme.Text))
}

// entry is a row of a table: what it is of, and below that what the other columns say, for a row across would be too long.
func entry(cells []guides.Cell) fyne.CanvasObject {
	col := widgets.Column(2, widgets.NewParagraph(cells[0].Plain(), theme.TextBody, theme.Text))
	for _, c := range cells[1:] {
		col.Add(widgets.Border(nil, nil, widgets.Fixed(60, 0, widgets.Column(0, widgets.Quiet(c.Column))), nil,
			widgets.NewParagraph(c.Plain(), theme.TextCaption, theme.Text2)))
	}
	return widgets.Column(8, widgets.HLine(), col)
}

var _ page.Page = (*Page)(nil)
