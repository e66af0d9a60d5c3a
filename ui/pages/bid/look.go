package bid

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/signer/preview"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/reader"
	"sealdesk/ui/widgets"
)

// A look is the file of a part on show, as it would go into the bid.
type look struct {
	host    page.Host
	project *bids.Project
	node    bids.Node
	ctx     context.Context
	reader  *reader.Reader
	note    *widgets.Text

	content fyne.CanvasObject
}

func newLook(host page.Host, project *bids.Project, n bids.Node) *look {
	l := &look{host: host, project: project, node: n, ctx: context.Background(), reader: reader.New(host), note: widgets.Quiet("").Clip()}
	back := widgets.NewButton(widgets.Primary, l.t("bid.back"), host.Back)
	l.content = widgets.Border(nil, widgets.Foot(l.note, widgets.Actions(back)), nil, nil, l.reader.Content())
	return l
}

func (l *look) t(key string, pairs ...any) string { return l.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (l *look) Nav() string { return Nav }

// Title implements page.Page.
func (l *look) Title() string { return l.node.Name }

// Content implements page.Page.
func (l *look) Content() fyne.CanvasObject { return l.content }

// Show implements page.Page.
func (l *look) Show(ctx context.Context) {
	l.ctx = ctx
	l.reader.Listen()
	l.load()
}

// Leave implements page.Leaver.
func (l *look) Leave() {
	l.reader.Silence()
	l.reader.Close()
}

func (l *look) load() {
	l.reader.Load(l.ctx, l.node.File.Name, func(ctx context.Context) (*preview.Document, error) {
		return l.host.Session().ShowBid(ctx, l.project, l.node.Code)
	}, func(err error) {
		if err != nil {
			l.reader.Failed(err, widgets.NewButton(widgets.Secondary, l.t("button.retry"), l.load))
			return
		}
		l.note.SetText(l.t("bid.look_note", "digest", l.reader.Document().SHA256()[:8]))
	})
}
