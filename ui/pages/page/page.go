package page

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// A Page is one page of the window. Its methods are called on the window's goroutine.
type Page interface {
	// Nav is the sidebar's item that the page belongs to.
	Nav() string
	// Title is the page's own step of the way shown above it.
	Title() string
	// Content is made once and kept.
	Content() fyne.CanvasObject
	// Show is called each time the page comes to the front: it reads anew. ctx ends when the page goes away.
	Show(ctx context.Context)
}

// A Dropper takes files that were dropped onto the window.
type Dropper interface {
	Drop(at fyne.Position, files []fyne.URI)
}

// A Searcher has a field that Ctrl+F goes to.
type Searcher interface{ FocusSearch() }

// An Opener has a file to choose, for Ctrl+O.
type Opener interface{ OpenFile() }

// A KeyWatcher wants to know that a key was plugged in or pulled out.
type KeyWatcher interface{ KeysChanged() }

// A Worker may have work under way that would be lost with its page.
type Worker interface{ Working() bool }

// A Leaver wants to know that its page goes away for good.
type Leaver interface{ Leave() }

// An Alone page has the whole screen, as on a terminal of the opening hall.
type Alone interface{ Alone() }

// A Host is what the window does for its pages. Its methods are called on the window's goroutine, and Post, Desk and Words from within
// work too. Work that waits for something takes the Session with it before: the window has none once the person logged out.
type Host interface {
	// Session is the party at work. Not for the login page.
	Session() *desk.Session
	Desk() *desk.Desk
	Words() *words.Catalog

	// Open shows a page on top of this one; Back returns to the one below and shows it anew. Home shows the first page of
	// a sidebar's item with nothing below it.
	Open(Page)
	Back()
	Home(nav string)
	// Retitle shows the Title of the page in front anew.
	Retitle()

	// Login starts the work of a session; Logout ends it and shows the login page.
	Login(*desk.Session)
	Logout()

	// Do runs work on a goroutine of its own and then done on the window's, unless ctx has ended by then.
	Do(ctx context.Context, work func(context.Context) error, done func(error))
	// Post runs f on the window's goroutine; for progress from within work.
	Post(f func())

	Toast(tone theme.Tone, text string)
	// Tell shows an error in its three parts in a dialog; nothing for none, and for what was called off.
	Tell(err error)
	// Ask puts a decision to the person; the button that does it names what it does.
	Ask(title, body string, danger bool, confirm string, yes func())
	// Dialog shows a dialog of the page's own.
	Dialog(*widgets.Dialog)

	// ChooseFile lets the person choose a file to read with one of these endings, SaveFile one to write.
	ChooseFile(endings []string, chosen func(path string))
	SaveFile(name string, chosen func(path string))
	// ChooseFolder lets the person choose a folder.
	ChooseFolder(chosen func(path string))

	// Zoom draws everything at so many percent, one of desk.Zooms, and keeps that.
	Zoom(percent int)

	Window() fyne.Window
}

// Rest ends the turning of buttons whose work was called off as the page went away, and of which nobody was told.
func Rest(buttons ...*widgets.Button) {
	for _, b := range buttons {
		b.SetBusy(false)
	}
}

// Follow calls f on the window's goroutine with what comes from ch, until ctx ends or ch is closed.
func Follow[T any](ctx context.Context, h Host, ch <-chan T, f func(T)) {
	var got T
	var more bool
	h.Do(ctx, func(ctx context.Context) error {
		select {
		case got, more = <-ch:
		case <-ctx.Done():
		}
		return ctx.Err()
	}, func(err error) {
		if err == nil && more {
			f(got)
			Follow(ctx, h, ch, f)
		}
	})
}

// ErrorText turns a problem of the desk into the widgets' form.
func ErrorText(p words.Problem) widgets.ErrorText {
	return widgets.ErrorText{What: p.What, Do: p.Do, Code: p.Code}
}

// Failed shows instead of a list why it could not be read, and the way to try again.
func Failed(h Host, list *widgets.Faces, err error, again func()) {
	list.Failed(ErrorText(h.Words().Problem(err)), widgets.NewButton(widgets.Secondary, h.Words().T("button.retry"), again))
}

// Await tells of the platform's receipt once a change that was sent has it, in words that begin with what was done; reread
// shows the page as it is then, also when the change was refused.
func Await(ctx context.Context, h Host, sent desk.Sent, done string, reread func()) {
	var receipt platformapi.Receipt
	h.Do(ctx, func(ctx context.Context) (err error) {
		receipt, err = sent.Wait(ctx)
		return err
	}, func(err error) {
		reread()
		if err != nil {
			h.Tell(err)
			return
		}
		h.Toast(theme.Good, h.Words().T("form.receipt", "done", done, "number", receipt.Number))
	})
}
