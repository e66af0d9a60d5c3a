package form

import (
	"context"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
)

// Open takes a contract onto the desk and shows its page. ctx is that of the page it is opened from.
func Open(ctx context.Context, host page.Host, contract string) {
	show(ctx, host, func(ctx context.Context) (*desk.Work, error) { return host.Session().Open(ctx, contract) })
}

// Begin shows the page of a new contract for a lot, or the draft that was begun for it.
func Begin(ctx context.Context, host page.Host, lot platformapi.Lot) {
	show(ctx, host, func(ctx context.Context) (*desk.Work, error) { return host.Session().NewWork(ctx, lot) })
}

func show(ctx context.Context, host page.Host, get func(context.Context) (*desk.Work, error)) {
	var work *desk.Work
	host.Do(ctx, func(ctx context.Context) (err error) {
		work, err = get(ctx)
		return err
	}, func(err error) {
		if err != nil {
			host.Tell(err)
			return
		}
		host.Open(New(host, work))
	})
}
