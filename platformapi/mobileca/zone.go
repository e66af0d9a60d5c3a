package mobileca

import (
	"context"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

func (s *Server) zone(z store.Zone, o store.Organisation) wire.Zone {
	v := wire.Zone{ID: z.ID, Platform: z.Platform, Organisation: z.Organisation, OrganisationName: o.Name, BoundAt: z.BoundAt}
	if p, ok := s.platform(z.Platform, ""); ok {
		v.PlatformName = p.Name
	}
	return v
}

// ListZones are the platforms that the account's certificates are bound to.
func (s *Server) ListZones(ctx context.Context, _ wire.ListZonesRequestObject) (wire.ListZonesResponseObject, error) {
	all, err := s.store.Zones().Of(ctx, who(ctx).Account)
	if err != nil {
		return nil, err
	}
	list := wire.ZoneList{Items: []wire.Zone{}}
	for _, z := range all {
		if z.Gone {
			continue
		}
		o, err := s.store.Organisation(ctx, z.Organisation)
		if err != nil {
			return nil, err
		}
		list.Items = append(list.Items, s.zone(z, o))
	}
	return wire.ListZones200JSONResponse(list), nil
}

// BindZone binds an organisation's certificate to a platform.
func (s *Server) BindZone(ctx context.Context, r wire.BindZoneRequestObject) (wire.BindZoneResponseObject, error) {
	x, now := who(ctx), s.now()
	once, done, err := s.once(ctx, "BindZone", r.Body)
	if err != nil {
		return nil, err
	}
	o, err := s.store.Organisation(ctx, r.Body.Organisation)
	if err == nil && o.Role(x.Account) == "" {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, found(err)
	}
	if done {
		z, err := s.store.Zones().One(ctx, once.ID)
		return wire.BindZone201JSONResponse(s.zone(z, o)), err
	}
	p, ok := s.platform(r.Body.Platform, "")
	if !ok {
		return nil, unfit(platformapi.CodeBadRequest, "there is no such platform")
	}
	all, err := s.store.Zones().Of(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	for _, z := range all {
		if !z.Gone && z.Platform == p.ID && z.Organisation == o.ID {
			return nil, conflict(codeWrongState, "it is bound already")
		}
	}
	own, err := s.store.Certificates(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	for _, c := range own {
		if c.Organisation != o.ID || c.Use != wire.UseSign || c.State(now) != wire.CertificateValid {
			continue
		}
		if err := s.authorised(ctx, p.Origin, c.ID); err != nil {
			return nil, err
		}
		z := store.Zone{ID: once.ID, Account: x.Account, Organisation: o.ID, Platform: p.ID, BoundAt: now}
		err := s.store.Zones().Create(ctx, z, once, store.Entries{{At: now, Act: actZone, Account: x.Account, Device: x.Device, USCC: o.USCC, SHA256: c.ID, Note: p.ID}})
		return wire.BindZone201JSONResponse(s.zone(z, o)), taken(err)
	}
	return nil, conflict(codeCertEnded, "there is no certificate of the organisation in force")
}

// UnbindZone unbinds.
func (s *Server) UnbindZone(ctx context.Context, r wire.UnbindZoneRequestObject) (wire.UnbindZoneResponseObject, error) {
	x := who(ctx)
	_, err := s.store.Zones().Change(ctx, r.ZoneID, func(z *store.Zone) (store.Entries, error) {
		if z.Account != x.Account || z.Gone {
			return nil, errNotFound()
		}
		z.Gone = true
		return store.Entries{{At: s.now(), Act: actZone, Account: x.Account, Device: x.Device, Note: z.Platform + ", unbound"}}, nil
	})
	return wire.UnbindZone204Response{}, found(err)
}
