package mobileca

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// CreateApplication asks the CA for certificates, or for an organisation to be called otherwise.
func (s *Server) CreateApplication(ctx context.Context, r wire.CreateApplicationRequestObject) (wire.CreateApplicationResponseObject, error) {
	once, done, err := s.once(ctx, "CreateApplication", r.Body)
	if err != nil {
		return nil, err
	}
	var a store.Application
	if done {
		a, err = s.store.Application(ctx, once.ID)
	} else {
		a, err = s.apply(ctx, once, *r.Body)
	}
	if err != nil {
		return nil, err
	}
	view, err := s.application(ctx, a)
	return wire.CreateApplication201JSONResponse(view), err
}

func (s *Server) apply(ctx context.Context, once store.Once, b wire.ApplicationRequest) (store.Application, error) {
	x, now := who(ctx), s.now()
	account, err := s.store.Account(ctx, x.Account)
	if err != nil {
		return store.Application{}, err
	}
	if account.Checked.IsZero() {
		return store.Application{}, forbid(codeIdentityMissing, "the identity was not checked yet")
	}
	a := store.Application{
		ID: once.ID, Version: 1, Account: x.Account, Kind: b.Kind, State: wire.ApplicationCAReview, Years: max(b.Years, 1), CreatedAt: now,
		Subject: store.Subject{Name: account.Name, Person: account.Name},
	}
	if err := s.fill(ctx, &a, b); err != nil {
		return a, err
	}
	if s.cfg.Price != nil {
		a.Price = s.cfg.Price(a.Kind, a.Subject.USCC != "", a.Years)
	}
	others, err := s.store.Applications(ctx, x.Account)
	if err != nil {
		return a, err
	}
	for _, o := range others {
		if o.Kind == a.Kind && o.Organisation == a.Organisation && o.Certificate == a.Certificate && o.Subject.USCC == a.Subject.USCC && !settled(o.State) {
			return a, inState(o.State, "the same was applied for already")
		}
	}
	attached, err := attachments(b.Attachments)
	if err != nil {
		return a, err
	}
	a, err = s.store.CreateApplication(ctx, a, once, attached, store.Entries{{
		At: now, Act: actApplied, Account: a.Account, Device: x.Device, USCC: a.Subject.USCC, Person: a.Subject.Person, Note: string(a.Kind)}})
	if errors.Is(err, store.ErrTaken) {
		return a, conflict(platformapi.CodeRenewing, "the same was asked at the same moment")
	}
	if err != nil {
		return a, err
	}
	return s.forward(ctx, a)
}

// fill takes what an application of its kind says, and who looks at it first.
func (s *Server) fill(ctx context.Context, a *store.Application, b wire.ApplicationRequest) error {
	switch a.Kind {
	case wire.ApplyPersonal:
		return nil
	case wire.ApplyClaim:
		if b.Data == nil {
			return unfit(platformapi.CodeFieldsMissing, "the organisation's name and code are wanted")
		}
		if _, err := s.store.OrganisationByCode(ctx, b.Data.USCC); !errors.Is(err, store.ErrNotFound) {
			return first(err, conflict(codeOrgClaimed, "the organisation was claimed already"))
		}
		a.Data, a.Subject.Name, a.Subject.USCC = b.Data, b.Data.Name, b.Data.USCC
		return nil
	case wire.ApplyJoin:
		o, err := s.store.Organisation(ctx, b.Organisation)
		if errors.Is(err, store.ErrNotFound) {
			return unfit(codeOrgUnclaimed, "nobody claimed this organisation yet")
		}
		if err != nil {
			return err
		}
		if o.Role(a.Account) != "" {
			return conflict(codeWrongState, "one is of this organisation already")
		}
		inName(a, o)
		a.State = wire.ApplicationAdministratorReview
		return nil
	case wire.ApplyExtra:
		if b.Organisation == "" {
			return nil
		}
		return s.asMember(ctx, a, b.Organisation)
	case wire.ApplyRenew, wire.ApplyReapply:
		c, err := s.myCertificate(ctx, b.Certificate)
		if err != nil {
			return err
		}
		if state := c.State(s.now()); (state == wire.CertificateValid) != (a.Kind == wire.ApplyRenew) {
			return inState(state, "the certificate is %s", state)
		}
		a.Certificate = c.ID
		if c.Organisation == "" {
			return nil
		}
		return s.asMember(ctx, a, c.Organisation)
	case wire.ApplyChange:
		if b.Data == nil {
			return unfit(platformapi.CodeFieldsMissing, "the organisation's name is wanted")
		}
		o, err := s.administered(ctx, b.Organisation)
		if err != nil {
			return err
		}
		if b.Data.USCC != o.USCC {
			return unfit(platformapi.CodeBadRequest, "an organisation keeps its code")
		}
		inName(a, o)
		a.Data, a.Subject.Name = b.Data, b.Data.Name
		return nil
	}
	return unfit(platformapi.CodeBadRequest, "there is no application of the kind %s", a.Kind)
}

func inName(a *store.Application, o store.Organisation) {
	a.Organisation, a.Subject.Name, a.Subject.USCC = o.ID, o.Name, o.USCC
}

// asMember makes an application one for a certificate of an organisation; the administrator sees that of staff first.
func (s *Server) asMember(ctx context.Context, a *store.Application, organisation string) error {
	o, err := s.store.Organisation(ctx, organisation)
	if err == nil && o.Role(a.Account) == "" {
		err = store.ErrNotFound
	}
	if err != nil {
		return found(err)
	}
	inName(a, o)
	if o.Role(a.Account) != wire.RoleAdministrator {
		a.State = wire.ApplicationAdministratorReview
	}
	return nil
}

// settled says that nothing becomes of an application any more.
func settled(state wire.ApplicationState) bool {
	return state == wire.ApplicationDone || state == wire.ApplicationRefused || state == wire.ApplicationWithdrawn
}

// attachments are checked for what they say they are.
func attachments(all []wire.Attachment) ([]wire.Attachment, error) {
	for i, one := range all {
		b, err := decode(one.Content)
		if err != nil || http.DetectContentType(b) != string(one.Type) {
			return nil, refuse(http.StatusUnsupportedMediaType, platformapi.CodeBadRequest, "attachment %d is no %s", i+1, one.Type)
		}
	}
	return all, nil
}

// application is an application as its applicant sees it.
func (s *Server) application(ctx context.Context, a store.Application) (wire.Application, error) {
	v := wire.Application{
		ID: a.ID, Version: a.Version, Kind: a.Kind, State: a.State, Applicant: a.Subject.Person, Organisation: a.Organisation, Data: a.Data,
		Certificate: a.Certificate, Years: a.Years, Price: a.Price, Reason: a.Reason, CreatedAt: a.CreatedAt, Subject: subjectName(a.Subject).String(),
	}
	if a.Account != who(ctx).Account { // who reviews it
		return v, nil
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
		if settled(a.State) && a.State != wire.ApplicationWithdrawn {
			return nil, inState(a.State, "the application is %s", a.State)
		}
		if a.Paid || a.Charging {
			return nil, inState(a.State, "it was paid already, or is being paid")
		}
		a.State = wire.ApplicationWithdrawn
		return nil, nil
	})
	s.hub.tell(ofApplication(r.ApplicationID))
	return wire.WithdrawApplication204Response{}, err
}
