package mobileca

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/netip"
	"strings"
	"time"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/audit"
)

// How long things last, and how much a session is.
const (
	codeTime     = 2 * time.Minute // of a QR code
	approvalTime = 3 * time.Minute // from the scan to the decision, and for a request
	loginTime    = time.Minute     // for a login's request
	linkTime     = 10 * time.Minute
	resultTime   = 10 * time.Minute
	sessionTime  = 8 * time.Hour
	sessionIdle  = 30 * time.Minute
	sessionMost  = 200
)

// Acts in the audit trail beside login and logout.
const (
	actPassword  audit.Act = "password-set"
	actPhone     audit.Act = "phone-changed"
	actIdentity  audit.Act = "identity-checked"
	actApplied   audit.Act = "applied"
	actReviewed  audit.Act = "application-reviewed"
	actPaid      audit.Act = "application-paid"
	actStaff     audit.Act = "staff-changed"
	actHanded    audit.Act = "administrator-changed"
	actGranted   audit.Act = "authorisation-changed"
	actSeal      audit.Act = "seal-changed"
	actZone      audit.Act = "zone-changed"
	actKey       audit.Act = "key-made"
	actIssued    audit.Act = "certificate-issued"
	actRevoked   audit.Act = "certificate-revoked"
	actLinked    audit.Act = "pairing-linked"
	actEnded     audit.Act = "pairing-ended"
	actAsked     audit.Act = "request-made"
	actAnswered  audit.Act = "request-answered"
	actApproved  audit.Act = "request-approved"
	actRefused   audit.Act = "request-refused"
	actWrongPIN  audit.Act = "pin-wrong"
	actReshared  audit.Act = "key-reshared"
	actBackup    audit.Act = "backup-changed"
	actRecovery  audit.Act = "recovery-opened"
	actUnfitting audit.Act = "recovery-refused"
)

// CreatePairing begins a pairing.
func (s *Server) CreatePairing(ctx context.Context, r wire.CreatePairingRequestObject) (wire.CreatePairingResponseObject, error) {
	now, c := s.now(), asking(ctx)
	if ok, wait := s.limits.pairings.Allow(c.jkt, now); !ok {
		return nil, tooMany(wait)
	}
	if ok, wait := s.limits.opened.Allow(addressOf(ctx), now); !ok {
		return nil, tooMany(wait)
	}
	if r.Body.Session && r.Body.Kind != wire.PairSign {
		return nil, unfit(codeNotInSession, "a session is for signatures only")
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	p := store.Pairing{
		ID: encode(id[:]), Version: 1, Kind: r.Body.Kind, State: wire.PairingCreated, Offered: r.Body.Session, Platform: r.Body.Platform, Desktop: r.Body.Desktop,
		Address: addressOf(ctx), JKT: c.jkt, Key: jwk(c.key), SecretHash: r.Body.SecretHash, Commitment: r.Body.Commitment,
		CreatedAt: now, ExpiresAt: now.Add(codeTime),
	}
	if err := s.store.CreatePairing(ctx, p); err != nil {
		return nil, err
	}
	view, err := s.pairing(ctx, p)
	return wire.CreatePairing201JSONResponse(view), err
}

// desktopPairing is the asking desktop's pairing of this id, as it is now.
func (s *Server) desktopPairing(ctx context.Context, id string) (store.Pairing, error) {
	p, err := s.store.Pairing(ctx, id)
	if err == nil && !mine(p.JKT, asking(ctx).jkt) {
		return p, errNotFound()
	}
	p.Settle(s.now())
	if err == nil && p.Session != nil && !p.Over() && !sameNetwork(p.Address, addressOf(ctx)) {
		return s.end(ctx, id, wire.EndedByNetwork)
	}
	return p, found(err)
}

// sameNetwork says whether two addresses may be one computer's that did not move: providers change the last part of an address
// (of IPv4 the last byte, of IPv6 the last half) without anybody moving.
func sameNetwork(a, b string) bool {
	x, err := netip.ParseAddr(a)
	y, err2 := netip.ParseAddr(b)
	if err != nil || err2 != nil {
		return a == b
	}
	x, y = x.Unmap(), y.Unmap()
	bits := 64
	if x.Is4() {
		bits = 24
	}
	p, err := x.Prefix(bits)
	return err == nil && p.Contains(y)
}

func mine(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// pairing is a pairing as its desktop sees it.
func (s *Server) pairing(ctx context.Context, p store.Pairing) (wire.Pairing, error) {
	v := wire.Pairing{ID: p.ID, Version: p.Version, Kind: p.Kind, State: p.State, ScanURL: s.scanURL(), ExpiresAt: p.Until(), Ended: p.Ended}
	if p.Device != "" {
		v.Scan = &wire.ScannedBy{Name: p.By.Name, Organisation: p.By.Organisation, Phone: p.By.Phone, JKT: p.JKTP, Nonce: p.NonceP}
	}
	if p.Certificate == "" {
		return v, nil
	}
	v.Link = &wire.Link{Seals: []wire.SealPicture{}, Session: terms(&p)}
	for _, id := range p.Certificates() {
		c, err := s.store.Certificate(ctx, id)
		if err != nil {
			return v, err
		}
		if id == p.Certificate {
			if v.Link.Seals, err = s.linkedSeals(ctx, c); err != nil {
				return v, err
			}
		}
		one := wire.LinkedCertificate{ID: c.ID, Use: c.Use}
		for _, der := range c.Chain {
			one.Chain = append(one.Chain, encode(der))
		}
		v.Link.Certificates = append(v.Link.Certificates, one)
	}
	return v, nil
}

func terms(p *store.Pairing) *wire.SessionTerms {
	if p == nil || p.Session == nil {
		return nil
	}
	return &wire.SessionTerms{Auto: p.Session.Auto, Used: p.Session.Used, Max: p.Session.Max, EndsAt: p.Session.EndsAt, IdleEndsAt: p.Session.IdleUntil}
}

// GetPairing is how a pairing stands.
func (s *Server) GetPairing(ctx context.Context, r wire.GetPairingRequestObject) (wire.GetPairingResponseObject, error) {
	var p store.Pairing
	err := s.wait(ctx, ofPairing(r.PairingID), r.Params.After, r.Params.Wait, func() (v int64, err error) {
		p, err = s.desktopPairing(ctx, r.PairingID)
		return p.Version, err
	})
	if err != nil {
		return nil, err
	}
	view, err := s.pairing(ctx, p)
	return wire.GetPairing200JSONResponse(view), err
}

// changePairing changes a pairing, and tells who waits for it.
func (s *Server) changePairing(ctx context.Context, id string, rule func(*store.Pairing) (store.Entries, error)) (store.Pairing, error) {
	p, err := s.store.ChangePairing(ctx, id, s.now(), rule)
	if err == nil {
		s.hub.tell(ofPairing(id), ofDevice(p.Device))
	}
	return p, found(err)
}

// RevealNonce opens the desktop's commitment.
func (s *Server) RevealNonce(ctx context.Context, r wire.RevealNonceRequestObject) (wire.RevealNonceResponseObject, error) {
	if _, err := s.desktopPairing(ctx, r.PairingID); err != nil {
		return nil, err
	}
	nonce, err := decode(r.Body.Nonce)
	if err != nil {
		return nil, unfit(codeNonceWrong, "the nonce is no base64url")
	}
	p, err := s.changePairing(ctx, r.PairingID, func(p *store.Pairing) (store.Entries, error) {
		switch {
		case p.Over():
			return nil, over(codePairingOver, p.State)
		case !mine(encode(sha256Of(nonce)), p.Commitment):
			return nil, unfit(codeNonceWrong, "the nonce is not what was committed to")
		case p.NonceD != "":
			return nil, nil // the same again
		case p.State != wire.PairingScanned:
			return nil, conflict(codeWrongState, "it was not scanned yet")
		}
		p.NonceD, p.State = r.Body.Nonce, wire.PairingMatched
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	view, err := s.pairing(ctx, p)
	return wire.RevealNonce200JSONResponse(view), err
}

// end ends a pairing, or cancels one that was not linked yet.
func (s *Server) end(ctx context.Context, id string, why wire.PairingEnd) (store.Pairing, error) {
	now := s.now()
	return s.changePairing(ctx, id, func(p *store.Pairing) (store.Entries, error) {
		if p.Over() {
			return nil, nil
		}
		if p.State == wire.PairingLinked {
			p.End(why)
		} else {
			p.State = wire.PairingCancelled
		}
		return store.Entries{{At: now, Act: actEnded, Account: p.Account, Device: p.Device, Pairing: p.ID, Note: strings.TrimSpace(string(p.State) + " " + string(p.Ended))}}, nil
	})
}

// EndPairing cancels a pairing or ends it.
func (s *Server) EndPairing(ctx context.Context, r wire.EndPairingRequestObject) (wire.EndPairingResponseObject, error) {
	if _, err := s.desktopPairing(ctx, r.PairingID); err != nil {
		return nil, err
	}
	_, err := s.end(ctx, r.PairingID, wire.EndedByDesktop)
	return wire.EndPairing204Response{}, err
}
