package compare

import (
	"context"
	"errors"
	"image"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"sealdesk/signer/compare"
	"sealdesk/signer/preview"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar.
const Nav = "compare"

const panelWidth = 250

// A side is one of the two documents: a file that was chosen, or none yet.
type side struct {
	paper *desk.Paper
	role  string // key of what it is: 原文件, 我方发出 …
}

// A Page compares two files.
type Page struct {
	host   page.Host
	nav    string
	ctx    context.Context
	sides  [2]side
	width  bool               // full and half width forms are the same
	stop   context.CancelFunc // ends the comparing
	runs   int                // counts what was compared, so that what was called off does not come back over what followed
	keys   func(*fyne.KeyEvent)
	shown  *desk.Comparison
	at     int // the difference in front, from 1; 0 none
	result *result

	body    *fyne.Container
	content fyne.CanvasObject
}

// New makes the page on which two files are chosen.
func New(host page.Host) page.Page {
	p := create(host, Nav)
	p.sides = [2]side{{role: "compare.first"}, {role: "compare.second"}}
	return p
}

// Roles of the documents of a contract, for Of.
const (
	RoleSent     = "compare.role_sent"     // what we sent
	RoleReceived = "compare.role_received" // what the other party sent
	RoleBefore   = "compare.role_before"   // what the other party sent the time before
	RoleOurs     = "compare.role_ours"     // what we hold against it
	RoleUploaded = "compare.role_uploaded"
	RoleClean    = "compare.role_clean"
	RoleSigned   = "compare.role_signed"  // as a signer saw it
	RoleCurrent  = "compare.role_current" // as it is now
)

// Of makes the page for two documents of a contract. One that is nil is chosen by the person.
func Of(host page.Host, a *desk.Paper, roleA string, b *desk.Paper, roleB string) page.Page {
	p := create(host, "contracts")
	p.sides = [2]side{{a, roleA}, {b, roleB}}
	return p
}

func create(host page.Host, nav string) *Page {
	p := &Page{host: host, nav: nav, ctx: context.Background(), stop: func() {}, width: true}
	p.body = widgets.Stack()
	p.content = p.body
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return p.nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("compare.title") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page: it compares what was chosen.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	p.listen()
	switch {
	case p.shown != nil: // it is what was compared still
	case p.sides[0].paper != nil && p.sides[1].paper != nil:
		p.compare()
	default:
		p.ask()
	}
}

// Leave implements page.Leaver.
func (p *Page) Leave() {
	p.stop()
	p.silence()
	p.drop()
}

// drop closes what is shown, off the window's goroutine: a page may be being drawn.
func (p *Page) drop() {
	if p.result != nil {
		p.result.unload()
		p.result = nil
	}
	if c := p.shown; c != nil {
		p.shown = nil
		p.host.Do(context.Background(), func(context.Context) error { return c.Close() }, func(error) {})
	}
}

// put shows something as the whole page.
func (p *Page) put(o fyne.CanvasObject) {
	p.body.Objects = []fyne.CanvasObject{o}
	p.body.Refresh()
}

// Drop implements page.Dropper: two files at once are both sides, one goes where it fell.
func (p *Page) Drop(at fyne.Position, files []fyne.URI) {
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path())
	}
	switch {
	case len(paths) == 0:
	case len(paths) >= 2:
		p.chose(0, paths[0])
		p.chose(1, paths[1])
	default:
		middle := fyne.CurrentApp().Driver().AbsolutePositionForObject(p.content).X + p.content.Size().Width/2
		if at.X < middle {
			p.chose(0, paths[0])
		} else {
			p.chose(1, paths[0])
		}
	}
}

// OpenFile implements page.Opener: it fills the first side that is empty, and after that the second one.
func (p *Page) OpenFile() {
	if p.sides[0].paper == nil {
		p.choose(0)
		return
	}
	p.choose(1)
}

func (p *Page) choose(i int) {
	p.host.ChooseFile([]string{"pdf"}, func(path string) { p.chose(i, path) })
}

// chose takes a file for a side, and compares when both are there.
func (p *Page) chose(i int, path string) {
	p.stop()
	p.drop()
	paper := desk.PaperAt(path)
	p.sides[i].paper = &paper
	if p.nav == Nav {
		p.sides[i].role = [2]string{"compare.first", "compare.second"}[i]
	}
	if p.sides[0].paper != nil && p.sides[1].paper != nil {
		p.compare()
		return
	}
	p.ask()
}

// compare does the work, showing how far it has come.
func (p *Page) compare() {
	p.stop()
	p.drop()
	ctx, stop := context.WithCancel(p.ctx)
	p.stop = stop
	a, b := *p.sides[0].paper, *p.sides[1].paper
	progress := widgets.NewProgress(widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { stop() }))
	p.put(widgets.Center(widgets.Fixed(560, 0, widgets.PaddedCard(widgets.Pad(6, 4, 8, 4, widgets.Column(14,
		widgets.Title(p.t("compare.working")).Clip(),
		widgets.NewParagraph(p.t("compare.working_on", "a", a.Name, "b", b.Name), theme.TextTable, theme.Text2), progress))))))
	var done *desk.Comparison
	var sizes [2][]fyne.Size
	p.runs++
	run, front := p.runs, p.ctx
	// The outcome is waited for whatever becomes of the page, since open documents hold memory.
	p.host.Do(context.Background(), func(context.Context) (err error) {
		done, err = p.host.Desk().Compare(ctx, a, b, compare.Options{IgnoreWidth: p.width}, func(step string, n, total int64) {
			part := float64(n) / float64(max(total, 1))
			p.host.Post(func() { progress.Set(p.t(step), part, p.t("clean.part", "percent", int(part*100))) })
		})
		if err != nil {
			return err
		}
		for i, doc := range []*preview.Document{done.DocA, done.DocB} {
			if sizes[i], err = measure(ctx, doc); err != nil {
				return errors.Join(err, done.Close())
			}
		}
		return nil
	}, func(err error) {
		over := ctx.Err() != nil
		stop()
		gone := front.Err() != nil || front != p.ctx || run != p.runs
		switch {
		case gone || over && err == nil:
			if err == nil {
				p.host.Do(context.Background(), func(context.Context) error { return done.Close() }, func(error) {})
			}
			if !gone {
				p.ask()
			}
		case err != nil && errors.Is(err, context.Canceled):
			p.ask()
		case err != nil:
			p.failed(err)
		default:
			p.shown = done
			if p.nav == Nav {
				p.remember(desk.Pair{A: a.Path, B: b.Path})
			}
			p.result = newResult(p, done, sizes)
			p.put(p.result.content)
			p.result.begin()
		}
	})
}

func (p *Page) remember(pair desk.Pair) {
	p.host.Do(context.Background(), func(context.Context) error { return p.host.Desk().RememberCompared(pair) }, func(error) {})
}

func measure(ctx context.Context, doc *preview.Document) ([]fyne.Size, error) {
	sizes := make([]fyne.Size, doc.Pages())
	for i := range sizes {
		w, h, err := doc.PageSize(ctx, i+1)
		if err != nil {
			return nil, err
		}
		sizes[i] = fyne.NewSize(float32(w), float32(h))
	}
	return sizes, nil
}

func source(doc *preview.Document, sizes []fyne.Size) widgets.PageSource {
	return widgets.PageSource{Sizes: sizes, Render: func(ctx context.Context, n, widthPx int) (*image.RGBA, error) {
		return doc.Render(ctx, n, widthPx)
	}}
}

// failed says which file cannot be compared and why, with the ways to go on.
func (p *Page) failed(err error) {
	buttons := []*widgets.Button{
		widgets.NewButton(widgets.Secondary, p.t("button.retry"), p.compare),
		widgets.NewButton(widgets.Secondary, p.t("compare.other_files"), p.again),
	}
	p.put(widgets.Center(widgets.Fixed(560, 0, widgets.ErrorPanel(page.ErrorText(p.host.Words().Problem(err)), buttons...))))
}

// again goes back to choosing.
func (p *Page) again() {
	p.drop()
	if p.nav == Nav {
		p.sides[0].paper, p.sides[1].paper = nil, nil
	}
	p.ask()
}

// swap puts the left one right.
func (p *Page) swap() {
	p.sides[0], p.sides[1] = p.sides[1], p.sides[0]
	p.compare()
}

func (p *Page) export() {
	c := p.shown
	p.host.SaveFile(p.t("compare.export_name"), func(path string) {
		p.host.Do(p.ctx, func(ctx context.Context) error { return c.Export(ctx, path) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Toast(theme.Good, p.t("compare.exported", "file", filepath.Base(path)))
		})
	})
}

// listen makes F7 and n go to the next difference, Shift+F7 and p to the one before, until silence; other keys go on to the
// window.
func (p *Page) listen() {
	c := p.host.Window().Canvas()
	if p.keys != nil || c == nil {
		return
	}
	window := c.OnTypedKey()
	if window == nil {
		window = func(*fyne.KeyEvent) {}
	}
	p.keys = window
	c.SetOnTypedKey(func(ev *fyne.KeyEvent) {
		if !p.typed(ev) {
			window(ev)
		}
	})
}

func (p *Page) typed(ev *fyne.KeyEvent) bool {
	if p.result == nil {
		return false
	}
	back := false
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		back = d.CurrentKeyModifiers()&fyne.KeyModifierShift != 0
	}
	switch ev.Name {
	case fyne.KeyF7:
		if back {
			p.result.step(-1)
		} else {
			p.result.step(1)
		}
	case fyne.KeyN:
		p.result.step(1)
	case fyne.KeyP:
		p.result.step(-1)
	case fyne.KeyPageDown:
		p.result.turn(1)
	case fyne.KeyPageUp:
		p.result.turn(-1)
	default:
		return false
	}
	return true
}

// silence gives the keys back to the window.
func (p *Page) silence() {
	if p.keys != nil {
		p.host.Window().Canvas().SetOnTypedKey(p.keys)
		p.keys = nil
	}
}
