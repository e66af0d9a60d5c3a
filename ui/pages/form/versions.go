package form

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/compare"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// versions is the way to what the other party sent beside what we hold against it, nil when there is nothing of theirs.
func (p *Page) versions() fyne.CanvasObject {
	v := p.view
	if v.Received == nil || v.Starter && v.Filing.Sealed != nil && v.Filing.Sealed.SHA256 == v.Received.SHA256 {
		return nil
	}
	open := widgets.NewButton(widgets.Secondary, p.t("form.compare"), p.compare).WithIcon(theme.IconCompare)
	return widgets.Row(12, widgets.Grow(widgets.Quiet(p.t("form.compare_why")).Clip()), open)
}

func (p *Page) compare() {
	if !p.flush() {
		return
	}
	var ours, theirs *desk.Paper
	p.host.Do(p.life, func(ctx context.Context) error {
		ours, theirs = p.work.Versions(ctx)
		return nil
	}, func(error) {
		if theirs == nil {
			return // it was taken back meanwhile
		}
		role := compare.RoleOurs
		if p.view.Starter {
			role = compare.RoleSent
		}
		p.host.Open(compare.Of(p.host, ours, role, theirs, compare.RoleReceived))
	})
}
