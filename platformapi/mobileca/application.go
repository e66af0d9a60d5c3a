package mobileca

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// CreateApplication asks the CA for certificates. A claim makes the organisation, with its administrator.
func (s *Server) CreateApplication(ctx context.Context, r wire.CreateApplicationRequestObject) (wire.CreateApplicationResponseObject, error) {
	x, now := who(ctx), s.now()
	once, done, err := s.once(ctx, "CreateApplication", r.Body)
	if err != nil {
		return nil, err
	}
	if done {
		a, err := s.store.Application(ctx, once.ID)
		if err != nil {
			return nil, err
		}
		view, err := s.application(ctx, a)
		return wire.CreateApplication201JSONResponse(view), err
	}
	account, err := s.store.Account(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	if account.Checked.IsZero() {
		return nil, forbid(codeIdentityMissing, "the identity was not checked yet")
	}
	a := store.Application{
		ID: once.ID, Version: 1, Account: x.Account, Kind: r.Body.Kind, State: wire.ApplicationToDownload, Data: r.Body.Data, Years: max(r.Body.Years, 1),
		CreatedAt: now, Subject: store.Subject{Name: account.Name, Person: account.Name},
	}
	uscc := ""
	switch r.Body.Kind {
	case wire.ApplyPersonal:
		a.Data = nil
	case wire.ApplyClaim:
		if a.Data == nil {
			return nil, unfit(platformapi.CodeFieldsMissing, "the organisation's name and code are wanted")
		}
		uscc, a.Subject.Name, a.Subject.USCC = a.Data.USCC, a.Data.Name, a.Data.USCC
	default:
		return nil, unfit(codeWrongState, "this CA takes no application of the kind %s", r.Body.Kind)
	}
	a, err = s.store.CreateApplication(ctx, a, once, uscc, claim(now, x.Device, uscc))
	if errors.Is(err, store.ErrTaken) {
		return nil, conflict(platformapi.CodeRenewing, "the same was asked at the same moment")
	}
	if err != nil {
		return nil, err
	}
	view, err := s.application(ctx, a)
	return wire.CreateApplication201JSONResponse(view), err
}

// claim is the rule of a new application: an organisation that is claimed must be nobody's, and gets its administrator.
func claim(now time.Time, device, uscc string) func(*store.Application, *store.Organisation) (*store.Organisation, store.Entries, error) {
	return func(a *store.Application, known *store.Organisation) (*store.Organisation, store.Entries, error) {
		entries := store.Entries{{At: now, Act: actApplied, Account: a.Account, Device: device, USCC: uscc, Note: string(a.Kind)}}
		if uscc == "" {
			return nil, entries, nil
		}
		if known != nil {
			return nil, nil, conflict(codeOrgClaimed, "the organisation was claimed already")
		}
		o := &store.Organisation{
			ID: platformapi.NewID(), USCC: uscc, Name: a.Data.Name, LegalPerson: a.Data.LegalPerson, Address: a.Data.Address, RegisteredAt: now,
			Members: []store.Member{{Account: a.Account, Role: wire.RoleAdministrator}},
		}
		a.Organisation = o.ID
		return o, entries, nil
	}
}

// application is an application as its applicant sees it.
func (s *Server) application(ctx context.Context, a store.Application) (wire.Application, error) {
	v := wire.Application{
		ID: a.ID, Version: a.Version, Kind: a.Kind, State: a.State, Applicant: a.Subject.Person, Organisation: a.Organisation, Data: a.Data,
		Certificate: a.Certificate, Years: a.Years, Price: a.Price, Reason: a.Reason, CreatedAt: a.CreatedAt, Subject: subjectName(a.Subject).String(),
	}
	keys, err := s.store.Keys(ctx, a.Account)
	for _, k := range keys {
		if k.Application == a.ID && k.State != wire.KeyEnded {
			v.Keys = append(v.Keys, key(k, who(ctx).Device))
		}
	}
	slices.SortFunc(v.Keys, func(a, b wire.Key) int { return strings.Compare(string(b.Use), string(a.Use)) }) // signing first
	return v, err
}

func (s *Server) myApplication(ctx context.Context, id string) (store.Application, error) {
	a, err := s.store.Application(ctx, id)
	if err == nil && a.Account != who(ctx).Account {
		return a, errNotFound()
	}
	return a, found(err)
}

// ListApplications are the account's.
func (s *Server) ListApplications(ctx context.Context, _ wire.ListApplicationsRequestObject) (wire.ListApplicationsResponseObject, error) {
	all, err := s.store.Applications(ctx, who(ctx).Account)
	if err != nil {
		return nil, err
	}
	list := wire.ApplicationList{Items: []wire.Application{}}
	for _, a := range all {
		v, err := s.application(ctx, a)
		if err != nil {
			return nil, err
		}
		list.Items = append(list.Items, v)
	}
	return wire.ListApplications200JSONResponse(list), nil
}

func ofApplication(id string) string { return "application " + id }

// GetApplication is how an application stands.
func (s *Server) GetApplication(ctx context.Context, r wire.GetApplicationRequestObject) (wire.GetApplicationResponseObject, error) {
	var a store.Application
	err := s.wait(ctx, ofApplication(r.ApplicationID), r.Params.After, r.Params.Wait, func() (v int64, err error) {
		a, err = s.myApplication(ctx, r.ApplicationID)
		return a.Version, err
	})
	if err != nil {
		return nil, err
	}
	view, err := s.application(ctx, a)
	return wire.GetApplication200JSONResponse(view), err
}

// WithdrawApplication withdraws one that is not done.
func (s *Server) WithdrawApplication(ctx context.Context, r wire.WithdrawApplicationRequestObject) (wire.WithdrawApplicationResponseObject, error) {
	if _, err := s.myApplication(ctx, r.ApplicationID); err != nil {
		return nil, err
	}
	_, err := s.store.ChangeApplication(ctx, r.ApplicationID, func(a *store.Application) (store.Entries, error) {
		switch a.State {
		case wire.ApplicationWithdrawn:
		case wire.ApplicationDone, wire.ApplicationRefused:
			f := conflict(codeWrongState, "it is %s", a.State)
			f.State = platformapi.ContractState(a.State)
			return nil, f
		default:
			a.State = wire.ApplicationWithdrawn
		}
		return nil, nil
	})
	s.hub.tell(ofApplication(r.ApplicationID))
	return wire.WithdrawApplication204Response{}, err
}
