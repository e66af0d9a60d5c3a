package mobileca

import (
	"context"
	"errors"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// verify has a name and number checked; nil when they belong together.
func (s *Server) verify(ctx context.Context, r wire.IdentityRequest) error {
	if r.Method == wire.IdentityBankCard && (r.BankCard == "" || r.CardPhone == "") {
		return unfit(codeIdentityRefused, "a card and the number that the bank knows are wanted")
	}
	err := s.cfg.Identity.Check(ctx, r)
	if refused, ok := errors.AsType[*IdentityRefused](err); ok {
		return unfit(codeIdentityRefused, "%s", refused.Reason)
	}
	return err
}

// identityHash knows a person again without keeping the number.
func (s *Server) identityHash(r wire.IdentityRequest) string {
	return s.sealer.hash("identity", r.Name, r.IDNumber)
}

// CheckIdentity has the account's person checked. Who was checked stays the same person.
func (s *Server) CheckIdentity(ctx context.Context, r wire.CheckIdentityRequestObject) (wire.CheckIdentityResponseObject, error) {
	x, now := who(ctx), s.now()
	if err := s.verify(ctx, *r.Body); err != nil {
		return nil, err
	}
	hash := s.identityHash(*r.Body)
	a, err := s.store.ChangeAccount(ctx, x.Account, func(a *store.Account) (store.Entries, error) {
		if a.Identity != "" && a.Identity != hash {
			return nil, unfit(codeIdentityRefused, "the account is another person's")
		}
		a.Name, a.Identity, a.Method, a.Checked = r.Body.Name, hash, r.Body.Method, now
		return store.Entries{{At: now, Act: actIdentity, Account: a.ID, Device: x.Device, Note: string(r.Body.Method)}}, nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.accept(ctx, a); err != nil {
		return nil, err
	}
	return wire.CheckIdentity201JSONResponse{ID: platformapi.NewID(), Method: r.Body.Method, State: wire.IdentityChecked}, nil
}
