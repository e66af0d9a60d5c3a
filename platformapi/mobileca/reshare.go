package mobileca

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/audit"
)

const (
	reshareTime  = 10 * time.Minute
	recoverTries = 5 // identities and PINs that do not fit, a day
)

// BeginReshare offers to change both shares: to a phone that has one, or to a new one that recovers it.
func (s *Server) BeginReshare(ctx context.Context, r wire.BeginReshareRequestObject) (wire.BeginReshareResponseObject, error) {
	x, now := who(ctx), s.now()
	if _, err := s.myKey(ctx, r.KeyID); err != nil {
		return nil, err
	}
	if r.Body.Recovery != "" {
		if err := s.recovering(ctx, r.Body.Recovery); err != nil {
			return nil, err
		}
	}
	session := platformapi.NewID()
	var offer []byte
	_, err := s.store.ChangeKey(ctx, r.KeyID, func(k *store.Key) (store.Entries, error) {
		if k.State != wire.KeyCertified {
			return nil, conflict(codeKeyNotReady, "the key is %s", k.State)
		}
		if r.Body.Recovery == "" {
			if err := ready(k, x.Device); err != nil {
				return nil, err
			}
		}
		share, err := s.sealer.open(k.ID, k.Share)
		if err != nil {
			return nil, err
		}
		defer clear(share)
		pending, o, err := s.scheme.BeginReshare(twoparty.Context{Account: k.Account, Session: session}, share)
		if err != nil {
			return nil, err
		}
		offer = o
		k.Reshare = &store.Reshare{Session: session, Pending: s.sealer.seal("reshare "+session, pending), Device: x.Device, Recovery: r.Body.Recovery, Until: now.Add(reshareTime)}
		clear(pending)
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return wire.BeginReshare201JSONResponse{Session: session, Message: encode(offer)}, nil
}

// FinishReshare takes the proof of the new share. From then on the old one is worth nothing, on whatever phone it is. A proof
// that does not hold costs a try, and the offer is over.
func (s *Server) FinishReshare(ctx context.Context, r wire.FinishReshareRequestObject) (wire.FinishReshareResponseObject, error) {
	x, now := who(ctx), s.now()
	if _, err := s.myKey(ctx, r.KeyID); err != nil {
		return nil, err
	}
	proof, err := decode(r.Body.Message)
	if err != nil {
		return nil, unfit(codeMessageWrong, "the message is no base64url")
	}
	var backup []byte
	if r.Body.Backup != "" {
		if backup, err = decode(r.Body.Backup); err != nil {
			return nil, unfit(codeMessageWrong, "the backup is no base64url")
		}
	}
	var refused error // that is to be kept
	var before string // the device that had the share
	guessed := false  // in a recovery
	finish := used(append([]byte(r.Body.Session+"\x00"), proof...))
	k, err := s.store.ChangeKey(ctx, r.KeyID, func(k *store.Key) (store.Entries, error) {
		if k.Finished == finish && k.Device == x.Device {
			return nil, nil // the same again, by a phone that did not hear the answer
		}
		o := k.Reshare
		if o == nil || o.Session != r.Body.Session || o.Device != x.Device || !now.Before(o.Until) {
			return nil, refuse(410, codeRecoveryOver, "there is no such offer, or it is over")
		}
		if o.Recovery == "" {
			if err := ready(k, x.Device); err != nil {
				return nil, err
			}
		}
		k.Reshare = nil
		share, err := s.sealer.open(k.ID, k.Share)
		if err != nil {
			return nil, err
		}
		defer clear(share)
		pending, err := s.sealer.open("reshare "+o.Session, o.Pending)
		if err != nil {
			return nil, err
		}
		defer clear(pending)
		e := audit.Entry{At: now, Act: actReshared, Account: k.Account, Device: x.Device, Key: k.ID, Note: o.Recovery}
		next, err := s.scheme.FinishReshare(twoparty.Context{Account: k.Account, Session: o.Session}, share, pending, proof)
		if errors.Is(err, twoparty.ErrPIN) {
			e.Act = actWrongPIN
			if o.Recovery == "" {
				refused = wrongPIN(k)
			} else { // the key may be locked already, so the account's recoveries count it
				refused, guessed = forbid(codePINWrong, "the PIN is wrong, or the recovered share is not the one of this key"), true
			}
			return store.Entries{e}, nil
		}
		if err != nil {
			return nil, badMessage(err)
		}
		defer clear(next)
		before = k.Device
		k.Share, k.Device, k.Wrong, k.Backup = s.sealer.seal(k.ID, next), x.Device, 0, backup
		k.Reshared, k.Finished = o.Session, finish
		return store.Entries{e}, nil
	})
	if guessed && err == nil {
		_, err = s.store.ChangeAccount(ctx, x.Account, func(a *store.Account) (store.Entries, error) {
			unfitting(a, now)
			return nil, nil
		})
	}
	if err := errors.Join(err, refused); err != nil {
		return nil, err
	}
	for _, device := range []string{before, x.Device} {
		if err := s.endWith(ctx, wire.EndedByPIN, device, k.Certificate); err != nil {
			return nil, err
		}
	}
	return wire.FinishReshare200JSONResponse(key(k, x.Device)), nil
}

// PutBackup keeps the phone's share, sealed under a code that this service does not know.
func (s *Server) PutBackup(ctx context.Context, r wire.PutBackupRequestObject) (wire.PutBackupResponseObject, error) {
	backup, err := decode(r.Body.Backup)
	if err != nil {
		return nil, unfit(codeMessageWrong, "the backup is no base64url")
	}
	return wire.PutBackup204Response{}, s.setBackup(ctx, r.KeyID, backup)
}

// RemoveBackup forgets it.
func (s *Server) RemoveBackup(ctx context.Context, r wire.RemoveBackupRequestObject) (wire.RemoveBackupResponseObject, error) {
	return wire.RemoveBackup204Response{}, s.setBackup(ctx, r.KeyID, nil)
}

func (s *Server) setBackup(ctx context.Context, id string, backup []byte) error {
	x, now := who(ctx), s.now()
	if _, err := s.myKey(ctx, id); err != nil {
		return err
	}
	_, err := s.store.ChangeKey(ctx, id, func(k *store.Key) (store.Entries, error) {
		switch {
		case k.Device != x.Device:
			return nil, conflict(codeKeyElsewhere, "the key's other share is not on this device")
		case k.State == wire.KeyEnded || k.State == wire.KeyBegun:
			return nil, conflict(codeKeyNotReady, "the key is %s", k.State)
		}
		k.Backup = backup
		return store.Entries{{At: now, Act: actBackup, Account: k.Account, Device: x.Device, Key: k.ID}}, nil
	})
	return err
}

// recoverable are the keys with certificates in force that are not on a device. An encryption key's certificate may have
// expired: what was encrypted to it is still there.
func (s *Server) recoverable(ctx context.Context, account, device string) ([]wire.Recoverable, error) {
	keys, err := s.store.Keys(ctx, account)
	if err != nil {
		return nil, err
	}
	items := []wire.Recoverable{}
	for _, k := range keys {
		if k.State != wire.KeyCertified || k.Device == device && k.Wrong < pinTries {
			continue
		}
		c, err := s.store.Certificate(ctx, k.Certificate)
		if err != nil {
			return nil, err
		}
		if state := c.State(s.now()); state == wire.CertificateRevoked || k.Use == wire.UseSign && state != wire.CertificateValid {
			continue
		}
		view, err := s.certificate(ctx, c)
		if err != nil {
			return nil, err
		}
		one := wire.Recoverable{Key: k.ID, Use: k.Use, Backup: k.Backup != nil, Certificate: view}
		if d, err := s.store.Device(ctx, k.Device); err == nil {
			one.Device = d.Name
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		items = append(items, one)
	}
	return items, nil
}

// ListRecoverable are the account's keys that are not on this device.
func (s *Server) ListRecoverable(ctx context.Context, _ wire.ListRecoverableRequestObject) (wire.ListRecoverableResponseObject, error) {
	x := who(ctx)
	items, err := s.recoverable(ctx, x.Account, x.Device)
	return wire.ListRecoverable200JSONResponse{Items: items}, err
}

// CreateRecovery hands out the backups to who is the account's person.
func (s *Server) CreateRecovery(ctx context.Context, r wire.CreateRecoveryRequestObject) (wire.CreateRecoveryResponseObject, error) {
	x, now := who(ctx), s.now()
	a, err := s.store.Account(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	if err := s.useCode(ctx, a.Phone, wire.CodeRecovery, r.Body.Code); err != nil {
		return nil, err
	}
	var refused error // that is to be kept
	hash := s.identityHash(r.Body.Identity)
	_, err = s.store.ChangeAccount(ctx, a.ID, func(a *store.Account) (store.Entries, error) {
		switch {
		case exhausted(*a, now):
			refused = tooManyTries()
		case a.Identity == "" || !mine(a.Identity, hash):
			unfitting(a, now)
			refused = unfit(codeIdentityRefused, "the account is another person's")
			return store.Entries{{At: now, Act: actUnfitting, Account: a.ID, Device: x.Device}}, nil
		}
		return nil, nil
	})
	if err := errors.Join(err, refused); err != nil {
		return nil, err
	}
	if err := s.verify(ctx, r.Body.Identity); err != nil {
		return nil, err
	}
	lost, err := s.recoverable(ctx, x.Account, x.Device)
	if err != nil {
		return nil, err
	}
	made := store.Recovery{ID: platformapi.NewID(), Account: x.Account, Device: x.Device, Until: now.Add(reshareTime)}
	view := wire.Recovery{ID: made.ID, ExpiresAt: made.Until, Items: []wire.RecoveredBackup{}}
	entries := store.Entries{{At: now, Act: actRecovery, Account: x.Account, Device: x.Device, Note: made.ID}}
	for _, one := range lost {
		k, err := s.store.Key(ctx, one.Key)
		if err != nil {
			return nil, err
		}
		if k.Backup != nil {
			view.Items = append(view.Items, wire.RecoveredBackup{Key: k.ID, Use: k.Use, Certificate: k.Certificate, Backup: encode(k.Backup), Public: encode(k.Public)})
		}
	}
	if err := s.store.CreateRecovery(ctx, made, entries); err != nil {
		return nil, err
	}
	return wire.CreateRecovery201JSONResponse(view), nil
}

// unfitting counts an identity or a PIN that did not fit in a recovery.
func unfitting(a *store.Account, now time.Time) {
	if day := now.Format(time.DateOnly); a.RecoveryDay != day {
		a.RecoveryDay, a.RecoveryTries = day, 0
	}
	a.RecoveryTries++
}

// exhausted says whether an account's recoveries are over for the day.
func exhausted(a store.Account, now time.Time) bool {
	return a.RecoveryDay == now.Format(time.DateOnly) && a.RecoveryTries >= recoverTries
}

func tooManyTries() error {
	return refuse(http.StatusTooManyRequests, codeLimitReached, "%d identities or PINs did not fit today", recoverTries)
}

// recovering says whether this device has a recovery of this id, and may still try it.
func (s *Server) recovering(ctx context.Context, id string) error {
	x, now := who(ctx), s.now()
	r, err := s.store.Recovery(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (r.Account != x.Account || r.Device != x.Device || !now.Before(r.Until)) {
		return refuse(410, codeRecoveryOver, "there is no such recovery, or it is over")
	}
	if err != nil {
		return err
	}
	a, err := s.store.Account(ctx, x.Account)
	if err == nil && exhausted(a, now) {
		return tooManyTries()
	}
	return err
}
