package login

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// clock is how the end of a session is told: it lasts hours, perhaps over midnight.
const clock = "01-02 15:04"

// choices are what is remembered of a login. Without a keyring sessions are not kept, so that is no choice then.
func (p *Page) choices() fyne.CanvasObject {
	if !p.host.Desk().KeepsSessions() {
		return p.remember
	}
	return widgets.Row(24, p.remember, p.keep)
}

// lookKept offers the sessions that were left open when the program was closed.
func (p *Page) lookKept() {
	var kept []desk.Kept
	p.host.Do(p.ctx, func(context.Context) error {
		kept = p.host.Desk().Kept()
		return nil
	}, func(error) {
		col := widgets.Column(8)
		for _, k := range kept {
			col.Add(p.offer(k))
		}
		p.putKept(col)
	})
}

func (p *Page) putKept(col *fyne.Container) {
	p.kept.Objects = col.Objects
	p.kept.Hidden = len(col.Objects) == 0
	p.content.Refresh()
}

// offer names whose session it is and until when it lasts, or says that it ended.
func (p *Page) offer(k desk.Kept) fyne.CanvasObject {
	t, until := p.host.Words().T, k.Until.In(time.Local).Format(clock)
	if k.Over {
		return widgets.WarnPanel(widgets.ErrorText{
			What: t("login.kept_over", "owner", k.Key.Owner, "person", k.Key.Person, "until", until), Do: t("login.kept_over_do")})
	}
	var b *widgets.Button
	b = widgets.NewButton(widgets.Secondary, t("login.kept_go"), func() { p.resume(k, b) })
	title := widgets.Row(8, widgets.NewText(t("login.kept"), theme.TextBody, theme.Text).Bold(), widgets.Grow(widgets.Quiet(t("login.kept_until", "until", until))))
	who := widgets.Column(2, title, widgets.NewParagraph(t("login.kept_who", "owner", k.Key.Owner, "person", k.Key.Person), theme.TextTable, theme.Text2))
	return widgets.Card(widgets.Pad(8, 12, 8, 14, widgets.Row(12, widgets.Grow(who), b)))
}

// resume goes on with a session, without the PIN.
func (p *Page) resume(k desk.Kept, b *widgets.Button) {
	b.SetBusy(true)
	begin(p.life, p.host, func(ctx context.Context) (*desk.Session, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		return p.host.Desk().Resume(ctx, k)
	}, func(session *desk.Session, err error) {
		b.SetBusy(false)
		if err == nil {
			p.host.Login(session)
			return
		}
		p.trouble.Objects = []fyne.CanvasObject{widgets.ErrorPanel(page.ErrorText(p.host.Words().Problem(err)))}
		p.lookKept() // what is over is not offered again
	})
}
