package mobileca

import (
	"context"
	"slices"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// ScanPairing gives a pairing to the phone that saw its code.
func (s *Server) ScanPairing(ctx context.Context, r wire.ScanPairingRequestObject) (wire.ScanPairingResponseObject, error) {
	now, x := s.now(), who(ctx)
	if ok, wait := s.limits.scans.Allow(addressOf(ctx), now); !ok {
		return nil, tooMany(wait)
	}
	secret, err := decode(r.Body.Secret)
	if err != nil {
		return nil, forbid(codeSecretWrong, "the secret is not the code's")
	}
	by, err := s.person(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	p, err := s.changePairing(ctx, r.Body.Pairing, func(p *store.Pairing) (store.Entries, error) {
		switch {
		case !mine(encode(sha256Of(secret)), p.SecretHash):
			return nil, forbid(codeSecretWrong, "the secret is not the code's")
		case p.Over():
			return nil, over(codePairingOver, p.State)
		case p.Device == x.Device && p.NonceP == r.Body.Nonce:
			return nil, nil // the same again
		case p.Device != "":
			return nil, conflict(codeAlreadyScanned, "the code was scanned already")
		}
		p.State, p.Account, p.Device, p.JKTP, p.NonceP, p.By = wire.PairingScanned, x.Account, x.Device, x.JKT, r.Body.Nonce, by
		p.ExpiresAt = now.Add(approvalTime)
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return wire.ScanPairing201JSONResponse(scan(p)), nil
}

// person is how a desktop is shown who scanned.
func (s *Server) person(ctx context.Context, account string) (by wire.ScannedBy, err error) {
	a, err := s.store.Account(ctx, account)
	if err != nil {
		return by, err
	}
	by.Name, by.Phone = maskName(a.Name), maskPhone(a.Phone)
	orgs, err := s.store.OrganisationsOf(ctx, account)
	if len(orgs) == 1 { // of several it is the certificate that tells
		by.Organisation = orgs[0].Name
	}
	return by, err
}

// scan is a pairing as its phone sees it.
func scan(p store.Pairing) wire.Scan {
	return wire.Scan{
		ID: p.ID, Version: p.Version, Kind: p.Kind, State: p.State, SessionOffered: p.Offered, Key: p.Key, Commitment: p.Commitment, Nonce: p.NonceD,
		Platform: p.Platform, Desktop: p.Desktop, Address: p.Address, CreatedAt: p.CreatedAt, ExpiresAt: p.Until(),
		Certificate: p.Certificate, Ended: p.Ended, Session: terms(&p),
	}
}

// phonePairing is the asking phone's pairing of this id, as it is now.
func (s *Server) phonePairing(ctx context.Context, id string) (store.Pairing, error) {
	p, err := s.store.Pairing(ctx, id)
	if err == nil && (p.Device == "" || p.Device != who(ctx).Device) {
		return p, errNotFound()
	}
	p.Settle(s.now())
	return p, found(err)
}

// ListScans are the phone's pairings that are not over.
func (s *Server) ListScans(ctx context.Context, _ wire.ListScansRequestObject) (wire.ListScansResponseObject, error) {
	live, err := s.store.LivePairings(ctx, who(ctx).Device, s.now())
	if err != nil {
		return nil, err
	}
	list := wire.ScanList{Items: []wire.Scan{}}
	for _, p := range live {
		list.Items = append(list.Items, scan(p))
	}
	return wire.ListScans200JSONResponse(list), nil
}

// GetScan is how a pairing stands.
func (s *Server) GetScan(ctx context.Context, r wire.GetScanRequestObject) (wire.GetScanResponseObject, error) {
	var p store.Pairing
	err := s.wait(ctx, ofPairing(r.PairingID), r.Params.After, r.Params.Wait, func() (v int64, err error) {
		p, err = s.phonePairing(ctx, r.PairingID)
		return p.Version, err
	})
	return wire.GetScan200JSONResponse(scan(p)), err
}

// SetScan lets a session sign by itself, or not.
func (s *Server) SetScan(ctx context.Context, r wire.SetScanRequestObject) (wire.SetScanResponseObject, error) {
	if _, err := s.phonePairing(ctx, r.PairingID); err != nil {
		return nil, err
	}
	p, err := s.changePairing(ctx, r.PairingID, func(p *store.Pairing) (store.Entries, error) {
		switch {
		case p.Over():
			return nil, over(codePairingOver, p.State)
		case p.Session == nil:
			return nil, conflict(codeNotInSession, "the pairing has no session")
		}
		p.Session.Auto = r.Body.Auto
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return wire.SetScan200JSONResponse(scan(p)), nil
}

// EndScan ends a pairing.
func (s *Server) EndScan(ctx context.Context, r wire.EndScanRequestObject) (wire.EndScanResponseObject, error) {
	if _, err := s.phonePairing(ctx, r.PairingID); err != nil {
		return nil, err
	}
	_, err := s.end(ctx, r.PairingID, wire.EndedByPhone)
	return wire.EndScan204Response{}, err
}

// DecideScan links a pairing with a certificate, or refuses it.
func (s *Server) DecideScan(ctx context.Context, r wire.DecideScanRequestObject) (wire.DecideScanResponseObject, error) {
	now, x, d := s.now(), who(ctx), r.Body
	asked, err := s.phonePairing(ctx, r.PairingID)
	if err != nil {
		return nil, err
	}
	if d.Accept {
		if err := s.mayLink(ctx, asked, *d); err != nil {
			return nil, err
		}
	}
	p, err := s.changePairing(ctx, r.PairingID, func(p *store.Pairing) (store.Entries, error) {
		switch {
		case p.Over():
			return nil, over(codePairingOver, p.State)
		case !d.Accept:
			p.State = wire.PairingRefused
			return store.Entries{{At: now, Act: actRefused, Account: x.Account, Device: x.Device, Pairing: p.ID}}, nil
		case p.State == wire.PairingLinked && slices.Equal(p.Certificates(), append([]string{d.Certificate}, d.EncryptionCertificates...)):
			return nil, nil // the same again
		case p.State != wire.PairingMatched:
			return nil, conflict(codeWrongState, "the match code is not known yet, or it was decided already")
		case d.Session != nil && !p.Offered:
			return nil, unfit(codeNotInSession, "the desktop offered no session")
		}
		p.State, p.Certificate, p.EncryptionCertificates = wire.PairingLinked, d.Certificate, d.EncryptionCertificates
		p.ExpiresAt = now.Add(approvalTime)
		note := ""
		if d.Session != nil {
			p.Session = &store.Terms{Auto: d.Session.Auto, Max: sessionMost, EndsAt: now.Add(sessionTime), Idle: sessionIdle, IdleUntil: now.Add(sessionIdle)}
			p.ExpiresAt, note = p.Session.EndsAt, "session"
		}
		return store.Entries{{At: now, Act: actLinked, Account: x.Account, Device: x.Device, Pairing: p.ID, SHA256: d.Certificate, Note: note}}, nil
	})
	if err != nil {
		return nil, err
	}
	return wire.DecideScan200JSONResponse(scan(p)), nil
}

// mayLink says whether the phone may link a pairing with these certificates. What was encrypted to one that was replaced or has
// expired is still decrypted by its key; for all else a certificate is in force.
func (s *Server) mayLink(ctx context.Context, p store.Pairing, d wire.ScanDecision) error {
	old := p.Kind == wire.PairDecrypt
	switch n := len(d.EncryptionCertificates); {
	case old && n == 0:
		return unfit(codeCertOtherUse, "a decryption needs a certificate to decrypt with")
	case !old && n > 1:
		return unfit(codeCertOtherUse, "only a decryption has several certificates to decrypt with")
	}
	if err := s.usable(ctx, d.Certificate, wire.UseSign, old); err != nil {
		return err
	}
	for _, id := range d.EncryptionCertificates {
		if err := s.usable(ctx, id, wire.UseEncrypt, old); err != nil {
			return err
		}
	}
	return s.authorised(ctx, p.Platform.Origin, append([]string{d.Certificate}, d.EncryptionCertificates...)...)
}

// usable says whether the asking phone can use a certificate now, which may have expired where old says so.
func (s *Server) usable(ctx context.Context, id string, use wire.KeyUse, old bool) error {
	x := who(ctx)
	c, err := s.store.Certificate(ctx, id)
	if err != nil {
		return found(err)
	}
	switch state := c.State(s.now()); {
	case c.Account != x.Account:
		return errNotFound()
	case c.Use != use:
		return unfit(codeCertOtherUse, "the certificate is not one to %s with", use)
	case state == wire.CertificateRevoked, state != wire.CertificateValid && !old:
		return conflict(codeCertEnded, "the certificate is %s", state)
	}
	k, err := s.store.Key(ctx, c.Key)
	if err != nil {
		return err
	}
	return ready(&k, x.Device)
}

// ready says whether a key can answer a device.
func ready(k *store.Key, device string) error {
	switch {
	case k.State != wire.KeyCertified:
		return conflict(codeKeyNotReady, "the key is %s", k.State)
	case k.Device != device:
		return conflict(codeKeyElsewhere, "the key's other share is not on this device")
	}
	return unlocked(k)
}

// pinTries is how many wrong PINs in a row lock a key.
const pinTries = 5

func unlocked(k *store.Key) error {
	if k.Wrong >= pinTries {
		return forbid(codePINLocked, "the key is locked after %d wrong PINs; it can be recovered", pinTries)
	}
	return nil
}
