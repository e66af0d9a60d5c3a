package mobileca

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/audit"
)

func key(k store.Key, device string) wire.Key {
	v := wire.Key{
		ID: k.ID, Use: k.Use, State: k.State, Here: k.Device == device, Tries: max(0, pinTries-k.Wrong), Locked: k.Wrong >= pinTries,
		Backup: k.Backup != nil, Certificate: k.Certificate, Reshared: k.Reshared,
	}
	if k.Public != nil {
		v.Public = encode(k.Public)
	}
	return v
}

func (s *Server) myKey(ctx context.Context, id string) (store.Key, error) {
	k, err := s.store.Key(ctx, id)
	if err == nil && k.Account != who(ctx).Account {
		return k, errNotFound()
	}
	return k, found(err)
}

// GetKey is a key of the account.
func (s *Server) GetKey(ctx context.Context, r wire.GetKeyRequestObject) (wire.GetKeyResponseObject, error) {
	k, err := s.myKey(ctx, r.KeyID)
	return wire.GetKey200JSONResponse(key(k, who(ctx).Device)), err
}

// keyContext is a key's making: its id is the session, which is used for nothing else.
func keyContext(k store.Key) twoparty.Context {
	return twoparty.Context{Account: k.Account, Session: k.ID}
}

// BeginKey takes the phone's commitment to its part of a new key.
func (s *Server) BeginKey(ctx context.Context, r wire.BeginKeyRequestObject) (wire.BeginKeyResponseObject, error) {
	x, now := who(ctx), s.now()
	if _, err := s.myApplication(ctx, r.ApplicationID); err != nil {
		return nil, err
	}
	commitment, err := decode(r.Body.Message)
	if err != nil {
		return nil, unfit(codeMessageWrong, "the message is no base64url")
	}
	k := store.Key{
		ID: r.Body.ID, Account: x.Account, Device: x.Device, Application: r.ApplicationID, Use: r.Body.Use, State: wire.KeyBegun,
		Scheme: s.scheme.Name(), CreatedAt: now,
	}
	pending, answer, err := s.scheme.BeginKey(keyContext(k), commitment)
	if err != nil {
		return nil, badMessage(err)
	}
	k.Pending = s.sealer.seal("pending "+k.ID, pending)
	clear(pending)
	err = s.store.CreateKey(ctx, k, func(a *store.Application) (store.Entries, error) {
		if a.State != wire.ApplicationToDownload {
			f := conflict(codeWrongState, "the application is %s", a.State)
			f.State = platformapi.ContractState(a.State)
			return nil, f
		}
		return nil, nil
	})
	if errors.Is(err, store.ErrTaken) {
		return nil, conflict(platformapi.CodeIDTaken, "the key's id is used already")
	}
	if err != nil {
		return nil, found(err)
	}
	return wire.BeginKey201JSONResponse{Message: encode(answer)}, nil
}

// OpenKey takes the opening: the key is made, and its certification request with it.
func (s *Server) OpenKey(ctx context.Context, r wire.OpenKeyRequestObject) (wire.OpenKeyResponseObject, error) {
	x, now := who(ctx), s.now()
	begun, err := s.myKey(ctx, r.KeyID)
	if err != nil {
		return nil, err
	}
	application, err := s.store.Application(ctx, begun.Application)
	if err != nil {
		return nil, err
	}
	opening, err := decode(r.Body.Message)
	if err != nil {
		return nil, unfit(codeMessageWrong, "the message is no base64url")
	}
	k, err := s.store.ChangeKey(ctx, begun.ID, func(k *store.Key) (store.Entries, error) {
		if k.State != wire.KeyBegun || k.Device != x.Device {
			return nil, conflict(codeKeyNotReady, "the key is %s", k.State)
		}
		pending, err := s.sealer.open("pending "+k.ID, k.Pending)
		if err != nil {
			return nil, err
		}
		defer clear(pending)
		share, err := s.scheme.FinishKey(keyContext(*k), pending, opening)
		if err != nil {
			return nil, badMessage(err)
		}
		defer clear(share)
		public, err := s.scheme.Public(share)
		if err != nil {
			return nil, err
		}
		if k.Public, err = pointOf(public); err != nil {
			return nil, err
		}
		if k.CSR, err = requestInfo(application.Subject, public); err != nil {
			return nil, err
		}
		k.Share, k.Pending, k.State = s.sealer.seal(k.ID, share), nil, wire.KeyWasMade
		return store.Entries{{At: now, Act: actKey, Account: k.Account, Device: k.Device, Key: k.ID, Note: string(k.Use)}}, nil
	})
	if err != nil {
		return nil, err
	}
	return wire.OpenKey200JSONResponse{Key: key(k, x.Device), CSR: encode(k.CSR)}, nil
}

// AnswerCSR does the service's half of the certification request's signature.
func (s *Server) AnswerCSR(ctx context.Context, r wire.AnswerCSRRequestObject) (wire.AnswerCSRResponseObject, error) {
	x, now := who(ctx), s.now()
	if _, err := s.myKey(ctx, r.KeyID); err != nil {
		return nil, err
	}
	message, err := decode(r.Body.Message)
	if err != nil {
		return nil, unfit(codeMessageWrong, "the message is no base64url")
	}
	var answer []byte
	var refused error // that is to be kept
	_, err = s.store.ChangeKey(ctx, r.KeyID, func(k *store.Key) (store.Entries, error) {
		if k.State != wire.KeyWasMade || k.Device != x.Device {
			return nil, conflict(codeKeyNotReady, "the key is %s", k.State)
		}
		if err := first(unlocked(k), fresh(k.Answers, message)); err != nil {
			return nil, err
		}
		public, err := shared(k.Public)
		if err != nil {
			return nil, err
		}
		e, err := digest(public, k.CSR)
		if err != nil {
			return nil, err
		}
		share, err := s.sealer.open(k.ID, k.Share)
		if err != nil {
			return nil, err
		}
		defer clear(share)
		entry := audit.Entry{At: now, Act: actAnswered, Account: k.Account, Device: x.Device, Key: k.ID, Note: "csr"}
		answer, err = s.scheme.Sign(twoparty.Context{Account: k.Account, Session: k.ID + "/csr"}, share, e, message)
		if errors.Is(err, twoparty.ErrPIN) {
			refused = wrongPIN(k)
			entry.Act = actWrongPIN
			return store.Entries{entry}, nil
		}
		if err != nil {
			return nil, badMessage(err)
		}
		k.Wrong = 0
		k.Answers = append(k.Answers, used(message))
		return store.Entries{entry}, nil
	})
	if err := errors.Join(err, refused); err != nil {
		return nil, err
	}
	return wire.AnswerCSR200JSONResponse{Message: encode(answer)}, nil
}

// FinishCSR takes the certification request's signature.
func (s *Server) FinishCSR(ctx context.Context, r wire.FinishCSRRequestObject) (wire.FinishCSRResponseObject, error) {
	x := who(ctx)
	if _, err := s.myKey(ctx, r.KeyID); err != nil {
		return nil, err
	}
	signature, err := decode(r.Body.Signature)
	if err != nil {
		return nil, unfit(codeResultWrong, "the signature is no base64url")
	}
	k, err := s.store.ChangeKey(ctx, r.KeyID, func(k *store.Key) (store.Entries, error) {
		switch {
		case k.State == wire.KeyProved || k.State == wire.KeyCertified:
			return nil, nil // the same again
		case k.State != wire.KeyWasMade || k.Device != x.Device:
			return nil, conflict(codeKeyNotReady, "the key is %s", k.State)
		}
		request, err := signedRequest(k.CSR, signature)
		if err != nil {
			return nil, unfit(codeResultWrong, "the certification request is not signed by its key")
		}
		k.Signed, k.State, k.Answers = request, wire.KeyProved, nil
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return wire.FinishCSR200JSONResponse(key(k, x.Device)), nil
}

// IssueCertificates has both keys certified. The issuer may take its time: who asks again meanwhile waits for the same.
func (s *Server) IssueCertificates(ctx context.Context, r wire.IssueCertificatesRequestObject) (wire.IssueCertificatesResponseObject, error) {
	device := who(ctx).Device
	if _, err := s.myApplication(ctx, r.ApplicationID); err != nil {
		return nil, err
	}
	done, err := s.errands.Run(ctx, r.ApplicationID, func(ctx context.Context) error { return s.issue(ctx, r.ApplicationID, device) })
	if err == nil && !done {
		slow := refuse(http.StatusServiceUnavailable, platformapi.CodeUnavailable, "the certificates are being issued")
		slow.RetryAfter = time.Second
		err = slow
	}
	if err != nil {
		return nil, err
	}
	if err := s.supersede(ctx, r.ApplicationID); err != nil {
		return nil, err
	}
	issued, err := s.store.CertificatesOf(ctx, r.ApplicationID)
	if err != nil {
		return nil, err
	}
	s.hub.tell(ofApplication(r.ApplicationID))
	list, err := s.certificates(ctx, issued)
	return wire.IssueCertificates201JSONResponse(list), err
}

// issue has an application's keys certified, and keeps the certificates. Those that cannot be kept, since another server was
// faster or a key is another one by now, are revoked.
func (s *Server) issue(ctx context.Context, application, device string) error {
	now := s.now()
	a, err := s.store.Application(ctx, application)
	if err != nil || a.State == wire.ApplicationDone {
		return found(err)
	}
	keys, err := s.store.Keys(ctx, a.Account)
	if err != nil {
		return err
	}
	pair, err := toCertify(&a, keys)
	if err != nil {
		return err
	}
	var made []store.Certificate
	for _, k := range pair {
		c, err := s.certify(ctx, a, k, now)
		if err != nil {
			s.discard(ctx, made)
			return err
		}
		made = append(made, c)
	}
	made[0].Pair, made[1].Pair = made[1].ID, made[0].ID
	kept, err := s.store.Issue(ctx, application, func(a *store.Application, keys []store.Key) ([]store.Certificate, store.Entries, error) {
		if a.State == wire.ApplicationDone {
			return nil, nil, nil
		}
		still, err := toCertify(a, keys)
		if err != nil {
			return nil, nil, err
		}
		var entries store.Entries
		for i, c := range made {
			if still[i].ID != c.Key {
				return nil, nil, conflict(codeKeyNotReady, "the keys were made anew meanwhile")
			}
			entries = append(entries, audit.Entry{At: now, Act: actIssued, Account: a.Account, Device: device, Key: c.Key, SHA256: c.ID, USCC: c.USCC, Person: c.Person})
		}
		a.State = wire.ApplicationDone
		return made, entries, nil
	})
	if err != nil || kept == nil {
		s.discard(ctx, made)
	}
	return found(err)
}

// toCertify are an application's two keys, the one to sign with first, once both have signed their requests.
func toCertify(a *store.Application, keys []store.Key) ([]store.Key, error) {
	var pair []store.Key
	for _, use := range []wire.KeyUse{wire.UseSign, wire.UseEncrypt} {
		i := slices.IndexFunc(keys, func(k store.Key) bool { return k.Application == a.ID && k.State == wire.KeyProved && k.Use == use })
		if i >= 0 {
			pair = append(pair, keys[i])
		}
	}
	if a.State != wire.ApplicationToDownload || len(pair) != 2 {
		return nil, conflict(codeKeyNotReady, "the application is %s, and %d of its 2 keys signed their requests", a.State, len(pair))
	}
	return pair, nil
}

// discard revokes certificates that were issued and are not kept.
func (s *Server) discard(ctx context.Context, made []store.Certificate) {
	ctx = context.WithoutCancel(ctx)
	for _, c := range made {
		_, err := s.store.Certificate(ctx, c.ID)
		if errors.Is(err, store.ErrNotFound) {
			err = s.cfg.Issuer.Revoke(ctx, c.Chain[0], wire.RevokeSuperseded, s.now())
		}
		if err != nil {
			s.cfg.Log.ErrorContext(ctx, "a certificate that nobody has is not revoked", "serial", c.Serial, "error", err)
		}
	}
}

// certify has one key certified. Its proof that somebody has it is its signed request.
func (s *Server) certify(ctx context.Context, a store.Application, k store.Key, now time.Time) (store.Certificate, error) {
	request, err := smx509.ParseCertificateRequest(k.Signed)
	if err != nil {
		return store.Certificate{}, err
	}
	public, err := shared(k.Public)
	if err != nil {
		return store.Certificate{}, err
	}
	if err := request.CheckSignature(); err != nil || !public.Equal(request.PublicKey) || !sm2.IsSM2PublicKey(request.PublicKey) {
		return store.Certificate{}, errors.New("mobileca: a key's certification request is another key's")
	}
	until := now.AddDate(a.Years, 0, 0)
	chain, err := s.cfg.Issuer.Issue(ctx, Certified{Subject: a.Subject, Use: k.Use, Public: public, NotBefore: now.Add(-5 * time.Minute), NotAfter: until})
	if err != nil {
		return store.Certificate{}, err
	}
	cert, err := smx509.ParseCertificate(chain[0])
	if err != nil {
		return store.Certificate{}, err
	}
	if !public.Equal(cert.PublicKey) {
		return store.Certificate{}, errors.New("mobileca: the issuer certified another key")
	}
	return store.Certificate{
		ID: encode(sha256Of(chain[0])), Account: a.Account, Application: a.ID, Organisation: a.Organisation, USCC: a.Subject.USCC, Name: a.Subject.Name,
		Person: a.Subject.Person, Use: k.Use, Key: k.ID, Chain: chain, Serial: cert.SerialNumber.Text(16), Issuer: cert.Issuer.String(),
		NotBefore: cert.NotBefore.UTC(), NotAfter: cert.NotAfter.UTC(), IssuedAt: now,
	}, nil
}
