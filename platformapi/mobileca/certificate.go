package mobileca

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/audit"
)

func (s *Server) certificate(ctx context.Context, c store.Certificate) (wire.Certificate, error) {
	k, err := s.store.Key(ctx, c.Key)
	if err != nil {
		return wire.Certificate{}, err
	}
	return wire.Certificate{
		ID: c.ID, Use: c.Use, State: c.State(s.now()), Pair: c.Pair, Name: c.Name, Person: c.Person, Organisation: c.Organisation, USCC: c.USCC,
		Serial: c.Serial, Issuer: c.Issuer, NotBefore: c.NotBefore, NotAfter: c.NotAfter, DER: encode(c.Chain[0]), Key: key(k, who(ctx).Device),
	}, nil
}

// ListCertificates are the account's.
func (s *Server) ListCertificates(ctx context.Context, _ wire.ListCertificatesRequestObject) (wire.ListCertificatesResponseObject, error) {
	all, err := s.store.Certificates(ctx, who(ctx).Account)
	if err != nil {
		return nil, err
	}
	list, err := s.certificates(ctx, all)
	return wire.ListCertificates200JSONResponse(list), err
}

// certificates are those in force first, then the newest, and of a pair the signing certificate.
func (s *Server) certificates(ctx context.Context, all []store.Certificate) (wire.CertificateList, error) {
	list := wire.CertificateList{Items: []wire.Certificate{}}
	for _, c := range all {
		v, err := s.certificate(ctx, c)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, v)
	}
	ended := func(c wire.Certificate) int {
		if c.State == wire.CertificateValid {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list.Items, func(a, b wire.Certificate) int {
		return cmp.Or(ended(a)-ended(b), b.NotBefore.Compare(a.NotBefore), cmp.Compare(b.Use, a.Use))
	})
	return list, nil
}

func (s *Server) myCertificate(ctx context.Context, id string) (store.Certificate, error) {
	c, err := s.store.Certificate(ctx, id)
	if err == nil && c.Account != who(ctx).Account {
		return c, errNotFound()
	}
	return c, found(err)
}

// GetCertificate is one of the account's.
func (s *Server) GetCertificate(ctx context.Context, r wire.GetCertificateRequestObject) (wire.GetCertificateResponseObject, error) {
	c, err := s.myCertificate(ctx, r.CertificateID)
	if err != nil {
		return nil, err
	}
	v, err := s.certificate(ctx, c)
	return wire.GetCertificate200JSONResponse(v), err
}

// BeginRevocation makes the statement that the certificate's own key signs to revoke it.
func (s *Server) BeginRevocation(ctx context.Context, r wire.BeginRevocationRequestObject) (wire.BeginRevocationResponseObject, error) {
	x, now := who(ctx), s.now()
	c, err := s.myCertificate(ctx, r.CertificateID)
	if err != nil {
		return nil, err
	}
	if err := s.usable(ctx, c.ID, wire.UseSign, false); err != nil {
		return nil, err
	}
	q := store.Request{
		ID: platformapi.NewID(), Version: 1, Source: wire.FromPhone, Kind: wire.KindRevoke, State: wire.RequestWaiting, Account: x.Account, Device: x.Device,
		Key: c.Key, Certificate: c.ID, CreatedAt: now, ExpiresAt: now.Add(approvalTime), Title: c.Name, Revocation: string(r.Body.Reason),
	}
	q.Statement = []byte(strings.Join([]string{
		"SealDesk revocation v1", s.cfg.Origins[0], q.ID, c.ID, string(r.Body.Reason), now.Format(time.RFC3339),
	}, "\n"))
	if q.E, err = s.digestFor(ctx, c.Key, q.Statement); err != nil {
		return nil, err
	}
	q, err = s.store.CreateRequest(ctx, "", q.ID, now, func(*store.Pairing, *store.Request, []store.Request) (*store.Request, store.Entries, error) {
		return &q, store.Entries{{At: now, Act: actAsked, Account: q.Account, Device: q.Device, Request: q.ID, Key: q.Key, Note: string(q.Kind)}}, nil
	})
	if err != nil {
		return nil, err
	}
	s.hub.tell(ofDevice(q.Device))
	view, err := s.phoneRequest(ctx, q)
	return wire.BeginRevocation201JSONResponse(view), err
}

// supersede ends what the certificates of an application take the place of. A renewed pair signs no more, and goes on
// decrypting what was encrypted to it; after a change of name the certificates in the old name are revoked.
func (s *Server) supersede(ctx context.Context, application string) error {
	a, err := s.store.Application(ctx, application)
	if err != nil {
		return err
	}
	switch a.Kind {
	case wire.ApplyRenew:
		old, err := s.store.Certificate(ctx, a.Certificate)
		if err != nil {
			return err
		}
		err = s.store.ChangeCertificates(ctx, old.ID, func(c, pair *store.Certificate, _ []*store.Key) (store.Entries, error) {
			c.Replaced = true
			if pair != nil {
				pair.Replaced = true
			}
			return nil, nil
		})
		return first(err, s.endWith(ctx, wire.EndedByCertificate, who(ctx).Device, old.ID, old.Pair))
	case wire.ApplyChange:
		issued, err := s.store.CertificatesOf(ctx, a.ID)
		if err != nil {
			return err
		}
		keep := make([]string, len(issued))
		for i, c := range issued {
			keep[i] = c.ID
		}
		return s.revokeOf(ctx, a.Account, a.Organisation, wire.RevokeSuperseded, keep)
	}
	return nil
}

// revoke revokes what a signed statement named, with the certificate that was issued with it. Their keys answer no more, and
// what was linked with them ends.
func (s *Server) revoke(ctx context.Context, q store.Request) error {
	now := s.now()
	c, err := s.store.Certificate(ctx, q.Certificate)
	if err != nil {
		return err
	}
	reason := wire.RevocationRequestReason(q.Revocation)
	for _, id := range []string{c.ID, c.Pair} {
		if id == "" {
			continue
		}
		one, err := s.store.Certificate(ctx, id)
		if err != nil {
			return err
		}
		if !one.RevokedAt.IsZero() {
			continue
		}
		if err := s.cfg.Issuer.Revoke(ctx, one.Chain[0], reason, now); err != nil {
			return fmt.Errorf("revoke: %w", err)
		}
	}
	err = s.store.ChangeCertificates(ctx, c.ID, func(c, pair *store.Certificate, keys []*store.Key) (store.Entries, error) {
		for _, k := range keys {
			k.State, k.Share, k.Backup, k.Reshare = wire.KeyEnded, nil, nil, nil
		}
		var entries store.Entries
		for _, one := range []*store.Certificate{c, pair} {
			if one == nil || !one.RevokedAt.IsZero() {
				continue
			}
			one.RevokedAt, one.Reason = now, q.Revocation
			entries = append(entries, audit.Entry{At: now, Act: actRevoked, Account: one.Account, Device: q.Device, Request: q.ID, Key: one.Key, SHA256: one.ID, Note: q.Revocation})
		}
		return entries, nil
	})
	if err != nil {
		return err
	}
	return s.endWith(ctx, wire.EndedByCertificate, q.Device, c.ID, c.Pair)
}

// endWith ends a device's pairings that were linked with one of these certificates.
func (s *Server) endWith(ctx context.Context, why wire.PairingEnd, device string, certificates ...string) error {
	live, err := s.store.LivePairings(ctx, device, s.now())
	if err != nil {
		return err
	}
	for _, p := range live {
		if slices.ContainsFunc(p.Certificates(), func(id string) bool { return slices.Contains(certificates, id) }) {
			if _, err := s.end(ctx, p.ID, why); err != nil {
				return err
			}
		}
	}
	return nil
}
