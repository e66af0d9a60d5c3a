package scan

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// unseen is how long a scan may last before it is shown: a phone that confirms by itself is done by then.
const unseen = 700 * time.Millisecond

// Open shows a scan in a dialog until it is over, or the person calls it off. ctx is the window's.
func Open(ctx context.Context, host page.Host, s *desk.Scan) {
	host.Do(ctx, func(ctx context.Context) error {
		select {
		case <-s.Over():
		case <-ctx.Done():
		case <-shows(s):
		}
		return nil
	}, func(error) {
		select {
		case <-s.Over():
			return
		default:
			open(ctx, host, s)
		}
	})
}

// shows is closed when there is something that the person must do, or when it takes long.
func shows(s *desk.Scan) <-chan struct{} {
	ch := make(chan struct{})
	go func() {
		defer close(ch)
		late := time.After(unseen)
		for {
			v, news := s.View()
			if v.Stage == desk.ScanCode {
				return
			}
			select {
			case <-news:
			case <-late:
				return
			case <-s.Over():
				return
			}
		}
	}()
	return ch
}

func open(ctx context.Context, host page.Host, s *desk.Scan) {
	t := host.Words().T
	var d *widgets.Dialog
	panel := New(ctx, host, s)
	cancel := widgets.NewButton(widgets.Secondary, t("button.cancel"), func() {
		d.Close()
		s.Cancel()
	})
	body := widgets.Column(12, facts(host, s.About), panel.Content())
	if s.About.Key {
		key := widgets.NewButton(widgets.Link, t("scan.use_key"), func() {
			d.Close()
			s.Cancel()
			useKey(ctx, host)
		})
		body.Add(widgets.Row(0, widgets.Spacer(), key, widgets.Spacer()))
	}
	d = widgets.NewDialog(t("scan.title_"+string(s.About.Kind)), body, cancel, nil)
	host.Dialog(d)
	host.Do(ctx, func(ctx context.Context) error {
		select {
		case <-s.Over():
		case <-ctx.Done():
		}
		return nil
	}, func(error) { d.Close() })
}

// facts say what the phone is asked for, as the phone will say it too.
func facts(host page.Host, about desk.ScanAbout) *fyne.Container {
	t := host.Words().T
	all := []widgets.Fact{{Name: t("pin.who"), Value: about.Platform}}
	switch {
	case about.Document != "" && about.Pages > 0:
		all = append(all, widgets.Fact{Name: t("pin.document"), Value: t("pin.document_is", "name", about.Document, "pages", about.Pages)})
	case about.Document != "":
		all = append(all, widgets.Fact{Name: t("pin.document"), Value: about.Document})
	}
	if about.Owner != "" {
		all = append(all, widgets.Fact{Name: t("pin.owner"), Value: about.Owner})
	}
	return widgets.Facts(all...)
}

// useKey has a USB key of the same organisation sign from now on (改用 UKey).
func useKey(ctx context.Context, host page.Host) {
	session := host.Session()
	if session == nil {
		return
	}
	var key desk.Key
	host.Do(ctx, func(ctx context.Context) (err error) {
		if key, err = session.USBKey(ctx); err == nil {
			err = session.SignWith(key)
		}
		return err
	}, func(err error) {
		if err != nil {
			host.Tell(err)
			return
		}
		host.Toast(theme.Good, host.Words().T("scan.key_taken", "owner", key.Owner))
	})
}
