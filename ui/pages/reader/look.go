package reader

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/signer/preview"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/widgets"
)

// A Look is a page that only shows a document, with a line about it and the way back at the foot.
type Look struct {
	Reader *Reader

	host    page.Host
	of      Sight
	ctx     context.Context
	note    *widgets.Text
	content fyne.CanvasObject
}

// A Sight is what a Look shows.
type Sight struct {
	Nav, Title, Back string // the sidebar's item, the page's title, the words of the way back
	Name             string // of the document
	Open             func(context.Context) (*preview.Document, error)
	Opened           func(*Look) string // gives the line at the foot once the pages are there
}

// NewLook makes the page.
func NewLook(host page.Host, of Sight) *Look {
	l := &Look{Reader: New(host), host: host, of: of, ctx: context.Background(), note: widgets.Quiet("").Clip()}
	back := widgets.NewButton(widgets.Primary, of.Back, host.Back)
	l.content = widgets.Border(nil, widgets.Foot(l.note, widgets.Actions(back)), nil, nil, l.Reader.Content())
	return l
}

// Nav implements page.Page.
func (l *Look) Nav() string { return l.of.Nav }

// Title implements page.Page.
func (l *Look) Title() string { return l.of.Title }

// Content implements page.Page.
func (l *Look) Content() fyne.CanvasObject { return l.content }

// Show implements page.Page.
func (l *Look) Show(ctx context.Context) {
	l.ctx = ctx
	l.Reader.Listen()
	l.load()
}

// Leave implements page.Leaver.
func (l *Look) Leave() {
	l.Reader.Silence()
	l.Reader.Close()
}

func (l *Look) load() {
	l.Reader.Load(l.ctx, l.of.Name, l.of.Open, func(err error) {
		if err != nil {
			l.Reader.Failed(err, widgets.NewButton(widgets.Secondary, l.host.Words().T("button.retry"), l.load))
			return
		}
		l.note.SetText(l.of.Opened(l))
	})
}
