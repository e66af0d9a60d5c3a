package desk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"sealdesk/platformapi"
)

// endless is a platform whose lists do not come to an end.
type endless struct {
	platformapi.Platform
	platformapi.Tendering
	items int // on each page
	asked int
}

func (e *endless) Bids(context.Context, platformapi.BidQuery) (platformapi.BidPage, error) {
	e.asked++
	return platformapi.BidPage{Items: make([]platformapi.Bid, e.items), NextCursor: "on"}, nil
}

// Credit lists a file that is larger than any that may be uploaded.
func (e *endless) Credit(context.Context) (platformapi.CreditLibrary, error) {
	return platformapi.CreditLibrary{Items: []platformapi.CreditItem{{Files: []platformapi.CreditFile{{Name: "营业执照.pdf", Size: MaxFile + 1}}}}}, nil
}

func (e *endless) DownloadCredit(context.Context, string, platformapi.CreditFile, string) (string, error) {
	e.asked++
	return "", errors.New("it was asked for")
}

// What a platform says has its bounds, whatever it says.
func TestAPlatformWithoutEnd(t *testing.T) {
	w := newWorld(t)
	in := w.at(buyer)
	// The session keeps its own platform, which it watches all the while.
	at := func(p *endless) *Session {
		return &Session{desk: in.desk, platform: p, home: in.home, vault: in.vault, key: in.key, dir: in.dir, box: in.box}
	}
	for _, items := range []int{0, 200} {
		p := &endless{items: items}
		_, err := at(p).OwnBids(t.Context(), "")
		if e, ok := errors.AsType[*platformapi.Error](err); !ok || e.Kind != platformapi.KindNonsense {
			t.Errorf("with %d on a page: %v", items, err)
		}
		if p.asked > maxBids/200+2 {
			t.Errorf("with %d on a page it was asked %d times", items, p.asked)
		}
	}
	p := &endless{}
	_, err := at(p).SyncCredit(t.Context(), nil)
	w.told(err, "desk.file_too_large")
	if p.asked != 0 {
		t.Error("the file was asked for")
	}
}

// A login that ends at this computer's own trouble leaves no session on the platform.
func TestALoginThatFailsHereEndsThere(t *testing.T) {
	w := newWorld(t)
	d := w.desk("full")
	var there platformapi.Platform
	connect := d.cfg.Connect
	d.cfg.Connect = func(ctx context.Context, key PlatformKey) (p platformapi.Platform, err error) {
		there, err = connect(ctx, key)
		return there, err
	}
	must(t, os.WriteFile(filepath.Join(w.dir, "full", "parties"), nil, 0o600)) // where the folder should be
	if _, err := d.Login(t.Context(), LoginRequest{Key: key(t, d, buyer), PIN: []byte(rightPIN)}); err == nil {
		t.Fatal("logged in")
	}
	if _, err := there.Session(t.Context()); !isOver(err) {
		t.Errorf("the platform's session: %v", err)
	}
}
