package stamp

import (
	"context"
	"slices"

	"sealdesk/signer/seal"
	"sealdesk/ui/desk"
)

// request is what the person chose.
func (p *Page) request() desk.SealRequest {
	return desk.SealRequest{Seal: p.seal(), Places: p.plan.now().places, AllowOverlap: p.allowed, Certify: p.more.certify(), Unstamped: p.unstamped}
}

// stamps tells that the signature would have a time stamp.
func (p *Page) stamps() bool { return p.host.Desk().Stamped() && p.seal().Stampable() }

// checkFirst looks, before a PIN is asked, whether the document and the time-stamp service will have it so.
func (p *Page) checkFirst() {
	r := p.request()
	stamps := p.stamps() // the person may choose another seal meanwhile
	asked := r.Certify != 0 || slices.ContainsFunc(r.Places, func(at seal.Place) bool { return at.Kind == seal.AtField })
	if !asked && !stamps {
		p.askPIN("")
		return
	}
	p.sign.SetBusy(true)
	var unreached error
	p.host.Do(p.ctx, func(ctx context.Context) error {
		if asked {
			if err := p.of.CheckSeal(ctx, r); err != nil {
				return err
			}
		}
		if stamps {
			unreached = p.host.Desk().ReachStamps(ctx)
		}
		return nil
	}, func(err error) {
		p.sign.SetBusy(false)
		switch {
		case err != nil:
			p.host.Tell(err)
		case unreached != nil:
			p.askUnstamped(unreached)
		default:
			p.askPIN("")
		}
	})
}

// askUnstamped leaves it to the person whether to sign without a time stamp that cannot be had.
func (p *Page) askUnstamped(why error) {
	p.host.Ask(p.t("stamp.unstamped_title"), p.t("stamp.unstamped", "why", p.host.Words().Problem(why).What), false, p.t("stamp.unstamped_confirm"), func() {
		p.unstamped = true
		p.askPIN("")
	})
}
