package mobileca

import (
	"context"
	"slices"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// platform is the trading platform of an id, or of an origin.
func (s *Server) platform(id, origin string) (wire.TradingPlatform, bool) {
	for _, p := range s.cfg.Platforms {
		if id != "" && p.ID == id || origin != "" && p.Origin == origin {
			return p, true
		}
	}
	return wire.TradingPlatform{}, false
}

func (s *Server) authorisation(a store.Authorisation, o store.Organisation) wire.Authorisation {
	v := wire.Authorisation{
		ID: a.ID, Organisation: a.Organisation, Platform: a.Platform, Staff: a.Staff, From: a.From, Until: a.Until, Ended: a.Ended(s.now()),
	}
	if p, ok := s.platform(a.Platform, ""); ok {
		v.PlatformName = p.Name
	}
	for _, m := range o.Members {
		if m.ID == a.Staff {
			v.StaffName = m.Name
		}
	}
	if !a.EndedAt.IsZero() {
		v.Until = a.EndedAt
	}
	return v
}

// ListAuthorisations are an organisation's, those in force first.
func (s *Server) ListAuthorisations(ctx context.Context, r wire.ListAuthorisationsRequestObject) (wire.ListAuthorisationsResponseObject, error) {
	o, err := s.administered(ctx, r.Params.Organisation)
	if err != nil {
		return nil, err
	}
	all, err := s.store.Authorisations().Of(ctx, o.ID)
	list := wire.AuthorisationList{Items: []wire.Authorisation{}}
	for _, a := range all {
		if !a.Gone && (r.Params.Platform == "" || a.Platform == r.Params.Platform) && (r.Params.Staff == "" || a.Staff == r.Params.Staff) {
			list.Items = append(list.Items, s.authorisation(a, o))
		}
	}
	slices.SortStableFunc(list.Items, func(a, b wire.Authorisation) int {
		switch {
		case a.Ended == b.Ended:
			return 0
		case a.Ended:
			return 1
		}
		return -1
	})
	return wire.ListAuthorisations200JSONResponse(list), err
}

// CreateAuthorisation lets one of the staff use the organisation's certificates on a platform.
func (s *Server) CreateAuthorisation(ctx context.Context, r wire.CreateAuthorisationRequestObject) (wire.CreateAuthorisationResponseObject, error) {
	x, now, b := who(ctx), s.now(), r.Body
	once, done, err := s.once(ctx, "CreateAuthorisation", b)
	if err != nil {
		return nil, err
	}
	o, err := s.administered(ctx, b.Organisation)
	if err != nil {
		return nil, err
	}
	if done {
		a, err := s.store.Authorisations().One(ctx, once.ID)
		return wire.CreateAuthorisation201JSONResponse(s.authorisation(a, o)), err
	}
	if _, ok := s.platform(b.Platform, ""); !ok {
		return nil, unfit(platformapi.CodeBadRequest, "there is no such platform")
	}
	if !b.Until.After(now) {
		return nil, unfit(platformapi.CodeBadRequest, "it would be over already")
	}
	i := slices.IndexFunc(o.Members, func(m store.Member) bool { return m.ID == b.Staff && m.Account != "" })
	if i < 0 {
		return nil, unfit(codeWrongState, "only one of the staff can be authorised")
	}
	a := store.Authorisation{ID: once.ID, Organisation: o.ID, Platform: b.Platform, Staff: b.Staff, From: now, Until: b.Until.UTC()}
	err = s.store.Authorisations().Create(ctx, a, once, store.Entries{{At: now, Act: actGranted, Account: x.Account, Device: x.Device, USCC: o.USCC, Person: o.Members[i].Name, Note: a.Platform}})
	if err := taken(err); err != nil {
		return nil, err
	}
	v := s.authorisation(a, o)
	s.inform(ctx, store.Message{Account: o.Members[i].Account, Title: "您已获得授权", Text: o.Name + "授权您在" + v.PlatformName + "使用企业证书，至 " + a.Until.Format("2006-01-02") + "。"})
	return wire.CreateAuthorisation201JSONResponse(v), nil
}

// DeleteAuthorisation ends one in force, with what was linked by it, and takes an ended one from the history.
func (s *Server) DeleteAuthorisation(ctx context.Context, r wire.DeleteAuthorisationRequestObject) (wire.DeleteAuthorisationResponseObject, error) {
	x, now := who(ctx), s.now()
	a, err := s.store.Authorisations().One(ctx, r.AuthorisationID)
	if err != nil {
		return nil, found(err)
	}
	o, err := s.administered(ctx, a.Organisation)
	if err != nil {
		return nil, err
	}
	ended := false
	if a, err = s.store.Authorisations().Change(ctx, a.ID, func(a *store.Authorisation) (store.Entries, error) {
		if a.Ended(now) {
			a.Gone = true
			return nil, nil
		}
		a.EndedAt, ended = now, true
		return store.Entries{{At: now, Act: actGranted, Account: x.Account, Device: x.Device, USCC: o.USCC, Note: a.Platform + ", ended"}}, nil
	}); err != nil {
		return nil, err
	}
	if ended {
		err = s.endUnauthorised(ctx, o, a)
	}
	return wire.DeleteAuthorisation204Response{}, err
}

// endUnauthorised ends the pairings that one of the staff linked on a platform.
func (s *Server) endUnauthorised(ctx context.Context, o store.Organisation, a store.Authorisation) error {
	i := slices.IndexFunc(o.Members, func(m store.Member) bool { return m.ID == a.Staff && m.Account != "" })
	if i < 0 {
		return nil
	}
	devices, err := s.store.Devices(ctx, o.Members[i].Account)
	if err != nil {
		return err
	}
	for _, d := range devices {
		live, err := s.store.LivePairings(ctx, d.ID, s.now())
		if err != nil {
			return err
		}
		for _, p := range live {
			if err := s.authorised(ctx, p.Platform.Origin, p.Certificates()...); err == nil {
				continue
			}
			if _, err := s.end(ctx, p.ID, wire.EndedByAuthorisation); err != nil {
				return err
			}
		}
	}
	return nil
}

// authorised refuses certificates of an organisation to one of its staff who may not use them on a platform. The
// administrator may on all, and a person's own certificate is his.
func (s *Server) authorised(ctx context.Context, origin string, certificates ...string) error {
	for _, id := range certificates {
		if err := s.mayUse(ctx, id, origin); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) mayUse(ctx context.Context, certificate, origin string) error {
	c, err := s.store.Certificate(ctx, certificate)
	if err != nil || c.Organisation == "" {
		return err
	}
	o, err := s.store.Organisation(ctx, c.Organisation)
	if err != nil {
		return err
	}
	m := o.Member(c.Account)
	switch {
	case m == nil:
		return forbid(codeNotAuthorised, "one is not of the organisation any more")
	case m.Role == wire.RoleAdministrator:
		return nil
	}
	all, err := s.store.Authorisations().Of(ctx, o.ID)
	if err != nil {
		return err
	}
	p, known := s.platform("", origin)
	for _, a := range all {
		if known && a.Platform == p.ID && a.Staff == m.ID && !a.Ended(s.now()) {
			return nil
		}
	}
	return forbid(codeNotAuthorised, "the administrator did not authorise this person on the platform")
}
