package main

import (
	"context"
	"time"

	"sealdesk/platformapi"
	"sealdesk/signer/cleancopy"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/token"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/keyring"
)

// office is a desk with what it stands on.
type office struct {
	*desk.Desk
	renderer *preview.Renderer
}

// openOffice sets up a desk; c lacks only what is the same for every desk of this program.
func openOffice(a *app, c desk.Config) (*office, error) {
	renderer, err := newRenderer()
	if err != nil {
		return nil, err
	}
	cleaner, err := newCleaner()
	if err != nil {
		return nil, err
	}
	c.Words, c.Renderer, c.Cleaner, c.Converter = a.words, renderer, cleaner, a.converter
	if ring, ok := keyring.Chosen(a.getenv); ok {
		c.Keyring = ring
	}
	d, err := desk.Open(a.ctx, c)
	if err != nil {
		_ = renderer.Close()
		return nil, err
	}
	if trouble := d.PreferencesTrouble(); trouble != nil {
		a.tui.warn("ctl.trouble", "what", a.words.Problem(trouble).String())
	}
	return &office{d, renderer}, nil
}

func (o *office) Close() {
	// What waits in the outbox is on the disk; the engine has nothing that could be lost.
	_ = o.Desk.Close()
	_ = o.renderer.Close()
}

// A clerk is a party's person at the desk, logged in, with the PIN at hand until the command ends: it is entered once for
// login and signature, and a wrong one stops at the login.
type clerk struct {
	a       *app
	key     desk.Key
	pin     []byte
	session *desk.Session
}

// login sits a clerk at the desk. The PIN is wiped when the clerk leaves, or at once when the login fails.
func (o *office) login(a *app, key desk.Key, pin []byte) (_ *clerk, err error) {
	c := &clerk{a: a, key: key, pin: pin}
	defer func() {
		if err != nil {
			token.Wipe(pin)
		}
	}()
	lastTry := false
	if key.Tries == 1 && !key.Locked {
		if lastTry = a.tui.confirm(a.words.T("ctl.last_try", "token", key.Label)); !lastTry {
			return nil, token.ErrLastTry
		}
	}
	c.session, err = o.Login(a.ctx, desk.LoginRequest{Key: key, PIN: c.copyPIN(), LastTry: lastTry})
	return c, err
}

// loginByPhone sits a clerk at the desk with the certificate that is chosen on the phone, which must be the one of this id where
// one is named. The phone asks for each signature; there is no PIN here.
func (o *office) loginByPhone(a *app, id string) (*clerk, error) {
	screen := &terminalScreen{tui: a.tui}
	o.ShowScans(screen.follow)
	ctx, scan := desk.NewScan(a.ctx, desk.ScanAbout{Kind: desk.ScanLogin, Platform: o.PlatformName()})
	go screen.follow(scan)
	session, err := o.ScanLogin(ctx, scan, false)
	if err != nil {
		return nil, err
	}
	c := &clerk{a: a, key: session.Key(), session: session}
	if id != "" && c.key.ID != id {
		c.leave()
		return nil, fault("cert_unknown", "token", c.key.URI)
	}
	return c, nil
}

// copyPIN gives a copy to be used and wiped.
func (c *clerk) copyPIN() []byte { return append([]byte(nil), c.pin...) }

// leave ends the session. It does so even when the person broke the work off.
func (c *clerk) leave() {
	token.Wipe(c.pin)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.a.ctx), 5*time.Second)
	defer cancel()
	_ = c.session.Logout(ctx) // a session that cannot be ended runs out
}

// find gives the signing certificate that a token, and where it has several the id, names.
func (o *office) find(a *app, uri, id string) (desk.Key, error) {
	keys, err := o.Keys(a.ctx)
	var own []desk.Key
	for _, k := range keys {
		if k.URI == uri && (id == "" || k.ID == id) {
			own = append(own, k)
		}
	}
	switch {
	case len(own) == 0 && err != nil:
		return desk.Key{}, err
	case len(own) == 0:
		return desk.Key{}, fault("cert_unknown", "token", uri)
	case len(own) > 1 && len(own[1].Unfit) == 0: // usable ones come first
		return desk.Key{}, fault("cert_ambiguous", "certs", own[0].ID+", "+own[1].ID)
	}
	return own[0], nil
}

// attach uploads the contract's file and makes the clean copy.
func (c *clerk) attach(w *desk.Work, file string) (*cleancopy.Report, error) {
	if err := w.AttachFiling(c.a.ctx, file); err != nil {
		return nil, err
	}
	show, end := c.a.tui.progress()
	defer end()
	return w.Clean(c.a.ctx, show)
}

// seal shows the file to be signed, finds the places and signs.
func (c *clerk) seal(w *desk.Work, places []seal.Place) error {
	p, err := w.Preview(c.a.ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	seals, err := c.session.Seals()
	if err != nil {
		return err
	}
	choice := seals[0] // the contract seal
	if len(places) == 0 {
		place, err := usualPlace(c.a.ctx, p.Document, w.View(c.a.ctx).Role, choice.Seal)
		if err != nil {
			return err
		}
		places = []seal.Place{place}
	}
	show, end := c.a.tui.progress()
	defer end()
	_, err = w.Seal(c.a.ctx, desk.SealRequest{Seal: choice, Places: places, PIN: c.copyPIN()}, show)
	return err
}

// The words beside which the parties seal in contracts of the usual form.
var sealWords = map[platformapi.Role]string{
	platformapi.RolePurchaser: "采购人（盖章）",
	platformapi.RoleSupplier:  "中标单位（盖章）",
}

// usualPlace is where a party seals when nobody says otherwise: on the last words made for it, or, in a document that lacks
// them or has them too near to the edge, on the last page, the purchaser at the lower left and the supplier at the right.
func usualPlace(ctx context.Context, doc *preview.Document, role platformapi.Role, s seal.Seal) (seal.Place, error) {
	words := sealWords[role]
	found, err := doc.Find(ctx, words)
	if err != nil {
		return seal.Place{}, err
	}
	if n := len(found.Hits); n > 0 {
		hit := found.Hits[n-1]
		g, err := doc.Geometry(ctx, hit.Page)
		if err != nil {
			return seal.Place{}, err
		}
		x, y, w, h := g.RectToScreen(hit.Rect)
		pageW, pageH := g.Size()
		if _, err := s.Rect(pageW, pageH, (x+w/2)/seal.PointsPerMM, (y+h/2)/seal.PointsPerMM); err == nil {
			return seal.Place{Kind: seal.AtKeyword, Keyword: words, Hits: seal.Last()}, nil
		}
	}
	width, height, err := doc.PageSize(ctx, doc.Pages())
	if err != nil {
		return seal.Place{}, err
	}
	const margin = 25.0 // mm, as far as the page has room for it
	pageW, pageH := width/seal.PointsPerMM, height/seal.PointsPerMM
	x := min(margin+s.WidthMM/2, pageW/2)
	if role == platformapi.RoleSupplier {
		x = max(pageW-margin-s.WidthMM/2, pageW/2)
	}
	return seal.Place{Kind: seal.AtPosition, Pages: seal.Last(), X: x, Y: max(pageH-margin-s.HeightMM/2, pageH/2)}, nil
}
