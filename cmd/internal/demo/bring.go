package demo

import (
	"context"
	"path/filepath"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
)

// Bring has somebody take part whose key was brought along, and registers the organisation. A guest knows its PIN itself.
func (w *World) Bring(ctx context.Context, h Holder) (Party, error) {
	p, err := w.guest(ctx, h)
	if err != nil {
		return p, err
	}
	w.Drivers = append(w.Drivers, only{h.Driver, h.URI})
	return p, w.platform.Import(ctx, platform.Seed{Organisations: []platformapi.Organisation{{Name: p.Name, USCC: p.USCC}}})
}

// OtherKey makes or finds a further key of a party's, with certificates of its own: one that opens none of its bids.
func (w *World) OtherKey(ctx context.Context, p Party) (Party, token.Driver, error) {
	authority, err := ca.OpenOrCreate(w.Work)
	if err != nil {
		return Party{}, nil, err
	}
	dir := filepath.Join(w.Work, "keys", "other")
	d, err := soft.Open(dir)
	if err != nil {
		return Party{}, nil, err
	}
	uri, err := labelled(ctx, d, p.USCC)
	if err == nil && uri == "" {
		uri, err = soft.Create(dir, soft.Options{Label: p.USCC, Algorithm: ca.SM2, PIN: []byte(hallPIN),
			Subject: ca.Subject{Name: p.Name, USCC: p.USCC, Handler: p.Handler}, Issuer: authority, Cost: known})
	}
	p.URI, p.PIN = uri, hallPIN
	return p, only{d, uri}, err
}

// Latecomer makes or finds the key of somebody who comes to an opening too late, and registers the organisation.
func (w *World) Latecomer(ctx context.Context) (Party, token.Driver, error) {
	p, d, err := w.OtherKey(ctx, Party{Name: latecomer.Name, USCC: latecomer.USCC, Handler: latecomer.Handler})
	if err != nil {
		return p, d, err
	}
	return p, d, w.platform.Import(ctx, platform.Seed{Organisations: []platformapi.Organisation{organisation(latecomer)}})
}

// Page is a PDF of one page with a line of ASCII on it, for a bid's part.
func Page(text string) []byte { return onePage(text) }
