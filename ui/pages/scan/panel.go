package scan

import (
	"context"
	"fmt"
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Sizes of the panel: it keeps them in every state, so that nothing jumps.
const (
	codeSide    = 248
	panelHeight = 360
)

// A Panel shows one scan until it is over.
type Panel struct {
	host    page.Host
	scan    *desk.Scan
	code    *widgets.QRCode
	clock   *widgets.Text
	content *fyne.Container
	drawn   drawn
}

// drawn is what the panel's content follows from; the rest of a view moves within it.
type drawn struct {
	stage         desk.ScanStage
	offline, auto bool
}

// New makes the panel of a scan and follows it until it is over, or ctx ends.
func New(ctx context.Context, host page.Host, s *desk.Scan) *Panel {
	p := &Panel{host: host, scan: s, drawn: drawn{stage: -1}, code: widgets.NewQRCode(codeSide), clock: widgets.NewText("", theme.TextTable, theme.Text2).Align(fyne.TextAlignCenter)}
	p.content = widgets.Fixed(0, panelHeight, widgets.Column(0))
	p.follow(ctx)
	return p
}

// Content is to be put into the page.
func (p *Panel) Content() fyne.CanvasObject { return p.content }

func (p *Panel) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// follow draws what there is now, and again with every news and every second.
func (p *Panel) follow(ctx context.Context) {
	v, news := p.scan.View()
	p.show(v)
	over := false
	p.host.Do(ctx, func(ctx context.Context) error {
		select {
		case <-news:
		case <-time.After(time.Second):
		case <-p.scan.Over():
			over = true
		case <-ctx.Done():
		}
		return nil
	}, func(error) {
		if !over {
			p.follow(ctx)
		}
	})
}

// show draws a view; while the stage stays the same only the clock moves.
func (p *Panel) show(v desk.ScanView) {
	p.tick(v)
	if v.Stage == desk.ScanCode {
		p.code.SetText(v.QR)
		p.code.SetDim(false)
	}
	now := drawn{v.Stage, v.Offline, v.Session != nil && v.Session.Auto}
	if now == p.drawn {
		return
	}
	p.drawn = now
	col := p.stage(v)
	if v.Offline {
		col.Add(widgets.Gap(1, 4))
		col.Add(line(p.t("scan.offline"), theme.Amber))
	}
	p.content.Objects = []fyne.CanvasObject{col}
	p.content.Refresh()
}

func (p *Panel) tick(v desk.ScanView) {
	left := max(time.Until(v.Until).Round(time.Second), 0)
	clock := fmt.Sprintf("%d:%02d", int(left.Minutes()), int(left.Seconds())%60)
	switch {
	case v.Until.IsZero():
		p.clock.SetText("")
	case v.Stage == desk.ScanCode:
		p.clock.SetText(p.t("scan.code_left", "time", clock))
	default:
		p.clock.SetText(p.t("scan.time_left", "time", clock))
	}
}

func line(text string, ink color.Color) fyne.CanvasObject {
	return widgets.NewParagraph(text, theme.TextTable, ink).Align(fyne.TextAlignCenter)
}

// middle sets something in the middle of its line.
func middle(o fyne.CanvasObject) fyne.CanvasObject {
	return widgets.Row(0, widgets.Spacer(), o, widgets.Spacer())
}

func (p *Panel) stage(v desk.ScanView) *fyne.Container {
	switch v.Stage {
	case 0:
		return widgets.Column(14, widgets.Gap(1, 96), middle(spinner()), line(p.t("scan.begin"), theme.Text2))
	case desk.ScanCode:
		return widgets.Column(10, p.framed(p.code), line(p.t("scan.how_"+string(v.Kind)), theme.Text), p.clock, p.many())
	case desk.ScanExpired:
		p.code.SetDim(true)
		again := widgets.NewButton(widgets.Primary, p.t("scan.again"), p.scan.Again)
		note := widgets.Filled(theme.White, widgets.Pad(14, 18, 14, 18, widgets.Column(10, line(p.t("scan.expired"), theme.Text), middle(again))))
		return widgets.Column(10, widgets.Stack(p.framed(p.code), widgets.Center(note)), line(p.t("scan.expired_do"), theme.Text2))
	case desk.ScanScanned, desk.ScanMatched:
		return widgets.Column(12, widgets.Gap(1, 20), p.person(v), p.match(v.Match), line(p.t("scan.compare"), theme.Text), p.clock, p.many())
	case desk.ScanWaiting, desk.ScanShown:
		return p.waiting(v)
	case desk.ScanEnded:
		return widgets.Column(14, widgets.Gap(1, 80), middle(widgets.Icon(theme.Icon("phone"), 56, theme.Text3)), line(EndText(p.host, v.Why), theme.Text))
	}
	return widgets.Column(14, widgets.Gap(1, 80), middle(widgets.Icon(theme.Icon("success"), 56, theme.Green)), line(p.t("scan.linked"), theme.Text))
}

// many asks for a session where one signature does not do.
func (p *Panel) many() fyne.CanvasObject {
	if !p.scan.About.Many {
		return widgets.Gap(1, 0)
	}
	return line(p.t("scan.many"), theme.Amber)
}

// framed puts the code on white with an edge, for it must be read on any ground.
func (p *Panel) framed(o fyne.CanvasObject) fyne.CanvasObject {
	edge := canvas.NewRectangle(theme.White)
	edge.CornerRadius, edge.StrokeColor, edge.StrokeWidth = theme.CardRadius, theme.Line, 1
	return middle(widgets.Stack(edge, widgets.Pad(4, 4, 4, 4, o)))
}

// person says who scanned: 张*三 · 云溪县财政局 · 138****1234.
func (p *Panel) person(v desk.ScanView) fyne.CanvasObject {
	who := v.By.Name
	for _, more := range []string{v.By.Organisation, v.By.Phone} {
		if more != "" {
			who += " · " + more
		}
	}
	return widgets.Column(6, middle(widgets.Icon(theme.Icon("phone"), 56, theme.Primary)), line(p.t("scan.by", "who", who), theme.Text))
}

// match shows the code that the phone shows too, large: it is compared from one hand to the other.
func (p *Panel) match(code string) fyne.CanvasObject {
	if code == "" {
		return widgets.Fixed(0, 58, middle(spinner()))
	}
	row := widgets.Row(8, widgets.Spacer())
	for _, letter := range code {
		box := canvas.NewRectangle(theme.Chosen)
		box.CornerRadius = 6
		row.Add(widgets.Fixed(48, 58, widgets.Stack(box,
			widgets.Center(widgets.NewText(string(letter), theme.TextClock, theme.Primary).Bold()))))
	}
	row.Add(widgets.Spacer())
	return widgets.Column(6, line(p.t("scan.match"), theme.Text2), row)
}

func (p *Panel) waiting(v desk.ScanView) *fyne.Container {
	text := "scan.waiting"
	switch {
	case v.Session != nil && v.Session.Auto:
		text = "scan.waiting_auto"
	case v.Stage == desk.ScanShown:
		text = "scan.shown"
	}
	col := widgets.Column(12, widgets.Gap(1, 20), middle(widgets.Icon(theme.Icon("phone"), 56, theme.Primary)), line(p.t(text), theme.Text))
	if v.Match != "" {
		col.Add(p.match(v.Match))
	}
	if s := v.Session; s != nil {
		col.Add(line(SessionText(p.host, *s), theme.Text2))
	}
	col.Add(p.clock)
	return col
}

func spinner() fyne.CanvasObject {
	s := widgets.NewSpinner(28, theme.Primary)
	s.Start()
	return s
}

// EndText says that a session is over, and why, where that is known.
func EndText(host page.Host, why desk.ScanWhy) string {
	if why == "" {
		return host.Words().T("scan.ended")
	}
	return host.Words().T("scan.ended_" + string(why))
}

// SessionText says how much of a session is used, and how much is left: 会话签章：已签 3/200，剩余 7 小时 12 分.
func SessionText(host page.Host, s desk.ScanSession) string {
	return sessionText(host, "scan.session", s)
}

// SessionShort is the same for the foot of the sidebar: 会话已签 3/200，剩 7:12.
func SessionShort(host page.Host, s desk.ScanSession) string {
	return sessionText(host, "foot.session", s)
}

func sessionText(host page.Host, key string, s desk.ScanSession) string {
	left := max(time.Until(s.Ends), 0)
	minutes := int(left.Minutes()) % 60
	return host.Words().T(key, "used", s.Used, "max", s.Max, "hours", int(left.Hours()), "minutes", minutes, "padded", fmt.Sprintf("%02d", minutes))
}
