package form

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/compare"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// versions is the way to what the other party sent beside what we hold against it, nil when there is nothing of theirs. Who holds
// nothing here is told so, and may choose a file.
func (p *Page) versions() fyne.CanvasObject {
	v := p.view
	if v.Received == nil || v.OurSeal || v.Starter && v.Filing.Sealed != nil && v.Filing.Sealed.SHA256 == v.Received.SHA256 {
		return nil
	}
	what, why := p.t("form.compare"), p.t("form.compare_why")
	switch {
	case v.Ours == nil:
		what, why = p.t("form.compare_choose"), p.t("form.compare_choose_why")
	case !v.Starter:
		what, why = p.t("form.compare_before"), p.t("form.compare_before_why")
	}
	open := widgets.NewButton(widgets.Secondary, what, p.compare).WithIcon(theme.IconCompare)
	return widgets.Row(12, widgets.Grow(widgets.Quiet(why).Clip()), open)
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
		switch {
		case p.view.Starter:
			role = compare.RoleSent
		case ours != nil:
			role = compare.RoleBefore
		}
		p.host.Open(compare.Of(p.host, ours, role, theirs, compare.RoleReceived))
	})
}
