package mobileca

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// Holder is somebody whom the CA knows beforehand: the identity is checked, the organisation claimed, and what is left to do
// is to log in with the number and download the certificates.
type Holder struct {
	Phone        string
	Name         string
	IDNumber     string
	Organisation wire.OrganisationData
}

// Enrol enters a holder, once.
func (s *Server) Enrol(ctx context.Context, h Holder) error {
	if _, err := s.store.AccountByPhone(ctx, h.Phone); err == nil || !errors.Is(err, store.ErrNotFound) {
		return err
	}
	now := s.now()
	account := store.Account{
		ID: platformapi.NewID(), Phone: h.Phone, CreatedAt: now, Name: h.Name, Checked: now,
		Identity: s.identityHash(wire.IdentityRequest{Name: h.Name, IDNumber: h.IDNumber}),
	}
	if err := s.store.CreateAccount(ctx, account, store.Entries{{At: now, Act: actIdentity, Account: account.ID}}); err != nil {
		return err
	}
	a := store.Application{
		ID: platformapi.NewID(), Version: 1, Account: account.ID, Kind: wire.ApplyClaim, State: wire.ApplicationCAReview, Data: &h.Organisation, Years: 1,
		CreatedAt: now, Subject: store.Subject{Name: h.Organisation.Name, USCC: h.Organisation.USCC, Person: h.Name},
	}
	a, err := s.store.CreateApplication(ctx, a, store.Once{}, nil, store.Entries{{At: now, Act: actApplied, Account: a.Account, USCC: a.Subject.USCC, Note: string(a.Kind)}})
	if err == nil {
		_, err = s.Decide(ctx, a.ID, true, "")
	}
	if err != nil {
		return fmt.Errorf("enrol %s: %w", h.Organisation.Name, err)
	}
	return nil
}
