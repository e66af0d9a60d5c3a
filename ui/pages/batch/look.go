package batch

import (
	"context"
	"strconv"

	"fyne.io/fyne/v2"

	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/reader"
	"sealdesk/ui/widgets"
)

// A look is a file of the batch on show, with the seal where it will go.
type look struct {
	host   page.Host
	batch  *desk.Batch
	name   string
	ctx    context.Context
	reader *reader.Reader
	note   *widgets.Text

	content fyne.CanvasObject
}

func newLook(host page.Host, b *desk.Batch, name string) page.Page {
	l := &look{host: host, batch: b, name: name, ctx: context.Background(), reader: reader.New(host), note: widgets.Quiet("").Clip()}
	back := widgets.NewButton(widgets.Primary, l.t("batch.back"), host.Back)
	l.content = widgets.Border(nil, widgets.Foot(l.note, widgets.Actions(back)), nil, nil, l.reader.Content())
	return l
}

func (l *look) t(key string, pairs ...any) string { return l.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (l *look) Nav() string { return Nav }

// Title implements page.Page.
func (l *look) Title() string { return l.t("batch.look") }

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
	var marks []widgets.Mark
	l.reader.Load(l.ctx, l.name, func(ctx context.Context) (*preview.Document, error) {
		shown, spots, err := l.batch.Preview(ctx, l.name)
		if err != nil {
			return nil, err
		}
		face := l.batch.View().Rule.Seal.Seal
		for i, s := range spots {
			x, y, w, h, err := desk.SpotMM(ctx, shown.Document, s)
			if err != nil {
				_ = shown.Close()
				return nil, err
			}
			marks = append(marks, widgets.Mark{ID: strconv.Itoa(i), Page: s.Page, X: x, Y: y, W: w, H: h, Fixed: true})
		}
		press(marks, face)
		return shown.Document, nil
	}, func(err error) {
		if err != nil {
			l.reader.Failed(err, widgets.NewButton(widgets.Secondary, l.t("button.retry"), l.load))
			return
		}
		l.reader.View.SetMarks(marks...)
		var dots []int
		for _, m := range marks {
			dots = append(dots, m.Page)
		}
		l.reader.Dots(dots...)
		if len(marks) > 0 {
			l.reader.View.Reveal(marks[0].Page, marks[0].X, marks[0].Y)
			l.note.SetText(l.t("batch.look_note", "count", len(marks), "digest", l.reader.Document().SHA256()[:8]))
		}
	})
}

// press gives the marks the seal's picture: the whole of it, or its strips where they are narrower than it.
func press(marks []widgets.Mark, face seal.Seal) {
	var narrow []int
	for i, m := range marks {
		if m.W < face.WidthMM*0.9 {
			narrow = append(narrow, i)
		} else {
			marks[i].Image = face.Image
		}
	}
	if len(narrow) == 0 {
		return
	}
	// A long document has several seals over its edges: as many strips each as their width tells.
	each := max(int(face.WidthMM/marks[narrow[0]].W+0.5), 1)
	for n, i := range narrow {
		at := float64(n % each)
		marks[i].Image = seal.Slice(face.Image, [2]float64{at / float64(each), (at + 1) / float64(each)})
	}
}
