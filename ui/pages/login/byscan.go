package login

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/scan"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// byScan is the tab 扫码登录: a QR code as long as the tab is in front.
type byScan struct {
	host    page.Host
	keep    func() bool
	useKey  func() // shows the tab of keys
	content *fyne.Container
	stop    context.CancelFunc // nil: nothing is shown
}

func newByScan(host page.Host, keep func() bool, useKey func()) *byScan {
	return &byScan{host: host, keep: keep, useKey: useKey, content: widgets.Column(12)}
}

// begin shows a code, until end is called or ctx ends.
func (b *byScan) begin(ctx context.Context) {
	b.end()
	t := b.host.Words().T
	if !b.host.Desk().HasPhone() {
		b.fill(widgets.Row(0, widgets.Spacer(), widgets.Icon(theme.IconScan, 72, theme.FrameHi), widgets.Spacer()),
			widgets.NewParagraph(t("login.scan_none"), theme.TextBody, theme.Text2).Align(fyne.TextAlignCenter),
			widgets.NewParagraph(t("login.scan_do"), theme.TextCaption, theme.Text3).Align(fyne.TextAlignCenter))
		return
	}
	shown := ctx
	ctx, b.stop = context.WithCancel(ctx)
	run, s := desk.NewScan(ctx, desk.ScanAbout{Kind: desk.ScanLogin, Platform: b.host.Desk().PlatformName()})
	key := widgets.NewButton(widgets.Link, t("scan.use_key"), b.useKey)
	below := []fyne.CanvasObject{scan.New(ctx, b.host, s).Content()}
	if demo := b.host.Desk().DemoPhone(); demo.Address != "" {
		below = append(below, widgets.NewParagraph(t("login.demo_phone", "address", demo.Address, "number", demo.Number), theme.TextCaption, theme.Amber).Align(fyne.TextAlignCenter))
	}
	b.fill(append(below, widgets.Row(0, widgets.Spacer(), key, widgets.Spacer()))...)
	keep := b.keep()
	begin(ctx, b.host, func(context.Context) (*desk.Session, error) {
		return b.host.Desk().ScanLogin(run, s, keep)
	}, func(session *desk.Session, err error) {
		if err == nil {
			b.stop = nil
			b.host.Login(session)
			return
		}
		again := widgets.NewButton(widgets.Primary, t("scan.again"), func() { b.begin(shown) })
		b.fill(widgets.ErrorPanel(page.ErrorText(b.host.Words().Problem(err))), widgets.Fixed(0, 42, again))
	})
}

// end takes the code away.
func (b *byScan) end() {
	if b.stop != nil {
		b.stop()
		b.stop = nil
	}
	b.content.Objects = nil
}

func (b *byScan) fill(objects ...fyne.CanvasObject) {
	b.content.Objects = objects
	b.content.Refresh()
}
