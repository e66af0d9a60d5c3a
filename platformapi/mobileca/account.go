package mobileca

import (
	"context"
	"errors"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/password"
)

// maskPhone leaves the first three and the last four digits.
func maskPhone(phone string) string {
	if len(phone) != 11 {
		return "****"
	}
	return phone[:3] + "****" + phone[7:]
}

// maskName leaves the family name, and of three characters or more the last.
func maskName(name string) string {
	r := []rune(name)
	switch {
	case len(r) == 0:
		return ""
	case len(r) == 1:
		return "*"
	case len(r) == 2:
		return string(r[0]) + "*"
	}
	for i := 1; i < len(r)-1; i++ {
		r[i] = '*'
	}
	return string(r)
}

func (s *Server) me(ctx context.Context, a store.Account, device string) (wire.Me, error) {
	orgs, err := s.organisations(ctx, a.ID)
	if err != nil {
		return wire.Me{}, err
	}
	lost, err := s.recoverable(ctx, a.ID, device)
	if err != nil {
		return wire.Me{}, err
	}
	unread, err := s.store.Unread(ctx, a.ID, a.ReadUpTo)
	if err != nil {
		return wire.Me{}, err
	}
	n := 0
	for _, r := range lost {
		if r.Backup {
			n++
		}
	}
	return wire.Me{
		Account: a.ID, Phone: maskPhone(a.Phone), Device: device, Name: a.Name, IdentityChecked: !a.Checked.IsZero(),
		HasPassword: a.Password != "", Organisations: orgs, Recoverable: n, Unread: unread,
	}, nil
}

// GetMe is the account.
func (s *Server) GetMe(ctx context.Context, _ wire.GetMeRequestObject) (wire.GetMeResponseObject, error) {
	x := who(ctx)
	a, err := s.store.Account(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	me, err := s.me(ctx, a, x.Device)
	return wire.GetMe200JSONResponse(me), err
}

// SetPassword sets the login password.
func (s *Server) SetPassword(ctx context.Context, r wire.SetPasswordRequestObject) (wire.SetPasswordResponseObject, error) {
	x := who(ctx)
	a, err := s.store.Account(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Body.Code != "" && r.Body.Old == "":
		err = s.useCode(ctx, a.Phone, wire.CodePassword, r.Body.Code)
	case r.Body.Old != "" && r.Body.Code == "":
		_, err = s.checkPassword(ctx, a.Phone, r.Body.Old)
	default:
		err = unfit(codeLoginUnknown, "either the old password or a code is wanted")
	}
	if err != nil {
		return nil, err
	}
	hash, err := password.Hash(r.Body.Password)
	if errors.Is(err, password.ErrShort) {
		return nil, unfit(platformapi.CodeBadRequest, "a password has 8 to 200 bytes")
	}
	if err != nil {
		return nil, err
	}
	if _, err := s.store.ChangeAccount(ctx, a.ID, func(a *store.Account) (store.Entries, error) {
		a.Password, a.Tries = hash, 0
		return store.Entries{{At: s.now(), Act: actPassword, Account: a.ID, Device: x.Device}}, nil
	}); err != nil {
		return nil, err
	}
	return wire.SetPassword204Response{}, s.store.DropSessions(ctx, a.ID, x.ID)
}

// SetPhone changes the number.
func (s *Server) SetPhone(ctx context.Context, r wire.SetPhoneRequestObject) (wire.SetPhoneResponseObject, error) {
	x := who(ctx)
	a, err := s.store.Account(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	if err := s.useCode(ctx, a.Phone, wire.CodePhoneOld, r.Body.OldCode); err != nil {
		return nil, err
	}
	if err := s.useCode(ctx, r.Body.Phone, wire.CodePhoneNew, r.Body.Code); err != nil {
		return nil, err
	}
	a, err = s.store.ChangeAccount(ctx, a.ID, func(a *store.Account) (store.Entries, error) {
		a.Phone = r.Body.Phone
		return store.Entries{{At: s.now(), Act: actPhone, Account: a.ID, Device: x.Device}}, nil
	})
	if errors.Is(err, store.ErrTaken) {
		return nil, conflict(platformapi.CodeIDTaken, "the number is another account's")
	}
	if err != nil {
		return nil, err
	}
	me, err := s.me(ctx, a, x.Device)
	return wire.SetPhone200JSONResponse(me), err
}

// ListDevices are the account's devices.
func (s *Server) ListDevices(ctx context.Context, _ wire.ListDevicesRequestObject) (wire.ListDevicesResponseObject, error) {
	x := who(ctx)
	all, err := s.store.Devices(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	keys, err := s.store.Keys(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	held := map[string]int{}
	for _, k := range keys {
		if k.State == wire.KeyCertified {
			held[k.Device]++
		}
	}
	items := []wire.Device{}
	for _, d := range all {
		one := wire.Device{ID: d.ID, Name: d.Name, This: d.ID == x.Device, Keys: held[d.ID], CreatedAt: d.CreatedAt, SeenAt: d.SeenAt}
		if one.This {
			items = append([]wire.Device{one}, items...)
		} else {
			items = append(items, one)
		}
	}
	return wire.ListDevices200JSONResponse{Items: items}, nil
}

// RemoveDevice takes a device from the account.
func (s *Server) RemoveDevice(ctx context.Context, r wire.RemoveDeviceRequestObject) (wire.RemoveDeviceResponseObject, error) {
	err := s.store.RemoveDevice(ctx, who(ctx).Account, r.DeviceID, s.now())
	if err != nil {
		return nil, found(err)
	}
	return wire.RemoveDevice204Response{}, nil
}

// ListActivity is what was asked of the account's keys.
func (s *Server) ListActivity(ctx context.Context, r wire.ListActivityRequestObject) (wire.ListActivityResponseObject, error) {
	limit := r.Params.Limit
	if limit == 0 {
		limit = 50
	}
	some, err := s.store.Activity(ctx, who(ctx).Account, r.Params.Pairing, r.Params.Cursor, limit)
	if err != nil {
		return nil, err
	}
	list := wire.ActivityList{Items: []wire.Activity{}}
	now := s.now()
	for _, q := range some {
		q.Settle(now)
		list.Items = append(list.Items, wire.Activity{
			Request: q.ID, At: q.CreatedAt, Source: q.Source, Kind: q.Kind, State: q.State, Certificate: q.Certificate, Pairing: q.Pairing,
			InSession: q.InSession, Platform: q.Platform, Desktop: q.Desktop, Title: q.Title, Digest: q.Digest,
		})
	}
	if len(some) == limit {
		list.NextCursor = some[limit-1].ID
	}
	return wire.ListActivity200JSONResponse(list), nil
}
