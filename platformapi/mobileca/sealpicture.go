package mobileca

import (
	"bytes"
	"context"
	"image/png"
	"slices"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

const (
	sealPixels = 2000 // on a side
	sealsMost  = 50   // of one owner
)

// sealPicture checks a picture before it is kept: whoever is sent it draws it.
func sealPicture(text string) ([]byte, error) {
	b, err := decode(text)
	if err != nil {
		return nil, unfit(platformapi.CodeBadRequest, "the picture is no base64url")
	}
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil || c.Width > sealPixels || c.Height > sealPixels || c.Width == 0 || c.Height == 0 {
		return nil, unfit(platformapi.CodeBadRequest, "a seal is a PNG of at most %d pixels on a side", sealPixels)
	}
	if _, err := png.Decode(bytes.NewReader(b)); err != nil {
		return nil, unfit(platformapi.CodeBadRequest, "the picture is damaged")
	}
	return b, nil
}

// sealOwner is whose a seal is to be: the account's, or the organisation's that it administers.
func (s *Server) sealOwner(ctx context.Context, organisation string) (string, error) {
	if organisation == "" {
		return who(ctx).Account, nil
	}
	o, err := s.administered(ctx, organisation)
	return o.ID, err
}

func (s *Server) seal(v store.Seal, mayEdit bool) wire.Seal {
	return wire.Seal{
		ID: v.ID, Organisation: v.Organisation, Name: v.Name, Kind: v.Kind, WidthMM: v.Width, HeightMM: v.Height, PNG: encode(v.PNG), MayEdit: mayEdit, ChangedAt: v.ChangedAt,
	}
}

// ListSeals are one's own, and those of one's organisations.
func (s *Server) ListSeals(ctx context.Context, _ wire.ListSealsRequestObject) (wire.ListSealsResponseObject, error) {
	x := who(ctx)
	orgs, err := s.store.OrganisationsOf(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	list := wire.SealList{Items: []wire.Seal{}}
	add := func(owner string, mayEdit bool) error {
		all, err := s.store.Seals().Of(ctx, owner)
		for _, v := range all {
			if !v.Gone {
				list.Items = append(list.Items, s.seal(v, mayEdit))
			}
		}
		return err
	}
	for _, o := range orgs {
		if err := add(o.ID, o.Role(x.Account) == wire.RoleAdministrator); err != nil {
			return nil, err
		}
	}
	err = add(x.Account, true)
	return wire.ListSeals200JSONResponse(list), err
}

// CreateSeal keeps a new seal.
func (s *Server) CreateSeal(ctx context.Context, r wire.CreateSealRequestObject) (wire.CreateSealResponseObject, error) {
	once, done, err := s.once(ctx, "CreateSeal", r.Body)
	if err != nil {
		return nil, err
	}
	if done {
		v, err := s.store.Seals().One(ctx, once.ID)
		return wire.CreateSeal201JSONResponse(s.seal(v, true)), err
	}
	v := store.Seal{ID: once.ID, Organisation: r.Body.Organisation}
	if v.Owner, err = s.sealOwner(ctx, r.Body.Organisation); err != nil {
		return nil, err
	}
	all, err := s.store.Seals().Of(ctx, v.Owner)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(v store.Seal) bool { return v.Gone })
	if len(all) >= sealsMost {
		return nil, conflict(codeLimitReached, "there are at most %d seals", sealsMost)
	}
	e, err := s.draw(ctx, &v, *r.Body)
	if err != nil {
		return nil, err
	}
	return wire.CreateSeal201JSONResponse(s.seal(v, true)), taken(s.store.Seals().Create(ctx, v, once, e))
}

// draw makes a seal what was asked for.
func (s *Server) draw(ctx context.Context, v *store.Seal, b wire.SealRequest) (store.Entries, error) {
	x, now := who(ctx), s.now()
	picture, err := sealPicture(b.PNG)
	if err != nil {
		return nil, err
	}
	v.Name, v.Kind, v.Width, v.Height, v.PNG, v.ChangedAt = b.Name, b.Kind, b.WidthMM, b.HeightMM, picture, now
	return store.Entries{{At: now, Act: actSeal, Account: x.Account, Device: x.Device, SHA256: encode(sha256Of(picture)), Note: v.ID}}, nil
}

// changeSeal changes a seal that the account may edit.
func (s *Server) changeSeal(ctx context.Context, id string, rule func(*store.Seal) (store.Entries, error)) (store.Seal, error) {
	v, err := s.store.Seals().One(ctx, id)
	if err != nil {
		return v, found(err)
	}
	owner, err := s.sealOwner(ctx, v.Organisation)
	if err != nil {
		return v, err
	}
	return s.store.Seals().Change(ctx, id, func(v *store.Seal) (store.Entries, error) {
		if v.Owner != owner || v.Gone {
			return nil, errNotFound()
		}
		return rule(v)
	})
}

// EditSeal changes a seal; whose it is, stays.
func (s *Server) EditSeal(ctx context.Context, r wire.EditSealRequestObject) (wire.EditSealResponseObject, error) {
	v, err := s.changeSeal(ctx, r.SealID, func(v *store.Seal) (store.Entries, error) { return s.draw(ctx, v, *r.Body) })
	return wire.EditSeal200JSONResponse(s.seal(v, true)), err
}

// DeleteSeal takes a seal away.
func (s *Server) DeleteSeal(ctx context.Context, r wire.DeleteSealRequestObject) (wire.DeleteSealResponseObject, error) {
	_, err := s.changeSeal(ctx, r.SealID, func(v *store.Seal) (store.Entries, error) {
		v.Gone, v.PNG = true, nil
		return store.Entries{{At: s.now(), Act: actSeal, Account: who(ctx).Account, Device: who(ctx).Device, Note: v.ID + ", taken away"}}, nil
	})
	return wire.DeleteSeal204Response{}, err
}

// linkedMost is how many seals are handed to a desktop.
const linkedMost = 20

// linkedSeals are the seals that go with a certificate: the organisation's, or the person's own.
func (s *Server) linkedSeals(ctx context.Context, c store.Certificate) ([]wire.SealPicture, error) {
	owner := c.Organisation
	if owner == "" {
		owner = c.Account
	}
	all, err := s.store.Seals().Of(ctx, owner)
	items := []wire.SealPicture{}
	for _, v := range all {
		if !v.Gone && len(items) < linkedMost {
			items = append(items, wire.SealPicture{ID: v.ID, Name: v.Name, Kind: v.Kind, WidthMM: v.Width, HeightMM: v.Height, PNG: encode(v.PNG)})
		}
	}
	return items, err
}
