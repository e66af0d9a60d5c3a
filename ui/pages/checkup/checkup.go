package checkup

import (
	"context"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk/checkup"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const (
	width  = 640
	height = 420 // of the list
)

// dialog is one opening of 检测环境.
type dialog struct {
	host   page.Host
	ctx    context.Context
	end    context.CancelFunc
	report checkup.Report

	body   *fyne.Container
	export *widgets.Button
	again  *widgets.Button
	sheet  *widgets.Dialog
}

// Open shows the dialog and begins to look.
func Open(host page.Host) {
	d := &dialog{host: host, body: widgets.Stack()}
	d.ctx, d.end = context.WithCancel(context.Background())
	d.export = widgets.NewButton(widgets.Link, d.t("checkup.export"), d.save)
	d.again = widgets.NewButton(widgets.Primary, d.t("login.look_again"), d.look)
	closing := widgets.NewButton(widgets.Secondary, d.t("button.close"), func() {
		d.end()
		d.sheet.Close()
	})
	d.sheet = widgets.NewDialog(d.t("checkup.title"), widgets.Column(12,
		widgets.NewParagraph(d.t("checkup.what"), theme.TextTable, theme.Text2),
		widgets.Fixed(0, height, d.body), widgets.Start(d.export)), closing, d.again).Wide(width)
	host.Dialog(d.sheet)
	d.look()
}

func (d *dialog) t(key string, pairs ...any) string { return d.host.Words().T(key, pairs...) }

func (d *dialog) put(o fyne.CanvasObject) {
	d.body.Objects = []fyne.CanvasObject{o}
	d.body.Refresh()
}

func (d *dialog) look() {
	d.again.SetReason(d.t("checkup.why_looking"))
	d.export.SetReason(d.t("checkup.why_looking"))
	spin := widgets.NewSpinner(28, theme.Primary)
	spin.Start()
	d.put(widgets.Center(widgets.Column(14, widgets.Row(0, widgets.Spacer(), widgets.Fixed(28, 28, spin), widgets.Spacer()),
		widgets.NewText(d.t("checkup.looking"), theme.TextTable, theme.Text2).Align(fyne.TextAlignCenter))))
	d.host.Do(d.ctx, func(ctx context.Context) error {
		d.report = d.host.Desk().Checkup(ctx, d.host.Session())
		return nil
	}, func(error) {
		spin.Stop()
		d.again.SetReason("")
		d.export.SetReason("")
		d.show()
	})
}

func (d *dialog) show() {
	list := widgets.Column(0)
	sentence, todo, tone := d.t("checkup.fine"), "", theme.Good
	if first, broken := d.report.First(); broken {
		sentence, todo, tone = first.What, first.Do, theme.Bad
	}
	list.Add(widgets.Pad(0, 0, 8, 0, widgets.Verdict(tone, sentence, todo)))
	for i, c := range d.report.Checks {
		if i > 0 {
			list.Add(widgets.HLine())
		}
		list.Add(d.check(c))
	}
	d.put(widgets.NewScrollArea(widgets.Pad(2, 14, 2, 2, list)))
}

// check is one line: the step, what was found there, and what to do.
func (d *dialog) check(c checkup.Check) fyne.CanvasObject {
	icon, ink := theme.IconSuccess, theme.Green
	switch c.State {
	case checkup.Warning:
		icon, ink = theme.IconWarning, theme.Amber
	case checkup.Broken:
		icon, ink = theme.IconError, theme.Red
	case checkup.NotApplicable:
		icon, ink = theme.IconInfo, theme.Text3
	}
	col := widgets.Column(2, widgets.NewParagraph(c.What, theme.TextTable, theme.Text))
	if c.Do != "" {
		col.Add(widgets.NewParagraph(c.Do, theme.TextCaption, theme.Text2))
	}
	for _, path := range c.Looked {
		col.Add(widgets.Quiet(path).Clip())
	}
	step := widgets.Fixed(84, 0, widgets.NewText(d.t("step."+string(c.Step)), theme.TextTable, theme.Text3))
	return widgets.Pad(8, 0, 8, 0, widgets.Border(nil, nil,
		widgets.Column(0, widgets.Row(10, widgets.Icon(icon, 18, ink), step)), nil, col))
}

func (d *dialog) save() {
	name := d.t("checkup.file", "date", time.Now().Format("20060102-1504"))
	d.host.SaveFile(name, func(path string) {
		d.host.Do(d.ctx, func(context.Context) error { return d.host.Desk().SaveBundle(d.report, path) }, func(err error) {
			if err != nil {
				d.host.Tell(err)
				return
			}
			d.host.Toast(theme.Good, d.t("form.exported", "file", filepath.Base(path)))
		})
	})
}
