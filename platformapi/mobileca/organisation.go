package mobileca

import (
	"context"
	"errors"
	"slices"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

func organisation(o store.Organisation, account string) wire.Organisation {
	return wire.Organisation{ID: o.ID, USCC: o.USCC, Name: o.Name, Role: o.Role(account), LegalPerson: o.LegalPerson, Address: o.Address}
}

func (s *Server) organisations(ctx context.Context, account string) ([]wire.Organisation, error) {
	all, err := s.store.OrganisationsOf(ctx, account)
	items := []wire.Organisation{}
	for _, o := range all {
		items = append(items, organisation(o, account))
	}
	return items, err
}

// ListOrganisations are those that the account is of.
func (s *Server) ListOrganisations(ctx context.Context, _ wire.ListOrganisationsRequestObject) (wire.ListOrganisationsResponseObject, error) {
	items, err := s.organisations(ctx, who(ctx).Account)
	return wire.ListOrganisations200JSONResponse{Items: items}, err
}

// GetOrganisation is one that the account is of.
func (s *Server) GetOrganisation(ctx context.Context, r wire.GetOrganisationRequestObject) (wire.GetOrganisationResponseObject, error) {
	o, err := s.store.Organisation(ctx, r.OrganisationID)
	if err == nil && o.Role(who(ctx).Account) == "" {
		err = store.ErrNotFound
	}
	return wire.GetOrganisation200JSONResponse(organisation(o, who(ctx).Account)), found(err)
}

// administered is an organisation whose administrator asks.
func (s *Server) administered(ctx context.Context, id string) (store.Organisation, error) {
	o, err := s.store.Organisation(ctx, id)
	if err != nil {
		return o, found(err)
	}
	switch o.Role(who(ctx).Account) {
	case "":
		return o, errNotFound()
	case wire.RoleAdministrator:
		return o, nil
	}
	return o, errNotAdministrator()
}

func errNotAdministrator() error {
	return forbid(codeNotAdministrator, "only the organisation's administrator may")
}

// changeAdministered changes an organisation while the asker is its administrator.
func (s *Server) changeAdministered(ctx context.Context, id string, rule func(*store.Organisation) (store.Entries, error)) (store.Organisation, error) {
	o, err := s.store.ChangeOrganisation(ctx, id, func(o *store.Organisation) (store.Entries, error) {
		switch o.Role(who(ctx).Account) {
		case "":
			return nil, errNotFound()
		case wire.RoleAdministrator:
			return rule(o)
		}
		return nil, errNotAdministrator()
	})
	return o, found(err)
}

// FindOrganisation says whether an organisation was claimed.
func (s *Server) FindOrganisation(ctx context.Context, r wire.FindOrganisationRequestObject) (wire.FindOrganisationResponseObject, error) {
	o, err := s.store.OrganisationByCode(ctx, r.Params.USCC)
	if errors.Is(err, store.ErrNotFound) {
		return wire.FindOrganisation200JSONResponse{}, nil
	}
	return wire.FindOrganisation200JSONResponse{Claimed: true, ID: o.ID, Name: o.Name, Administrator: maskName(o.Administrator().Name)}, err
}

// HandOver makes one of the staff the administrator, and the administrator one of the staff.
func (s *Server) HandOver(ctx context.Context, r wire.HandOverRequestObject) (wire.HandOverResponseObject, error) {
	x, now := who(ctx), s.now()
	once, done, err := s.once(ctx, "HandOver "+r.OrganisationID, r.Body)
	if err != nil {
		return nil, err
	}
	o, err := s.store.Organisation(ctx, r.OrganisationID)
	if err != nil {
		return nil, found(err)
	}
	if done {
		return wire.HandOver200JSONResponse(organisation(o, x.Account)), nil
	}
	if o, err = s.administered(ctx, o.ID); err != nil {
		return nil, err
	}
	a, err := s.store.Account(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	if err := s.useCode(ctx, a.Phone, wire.CodeHandOver, r.Body.Code); err != nil {
		return nil, err
	}
	next := ""
	o, err = s.changeAdministered(ctx, o.ID, func(o *store.Organisation) (store.Entries, error) {
		for i := range o.Members {
			if m := &o.Members[i]; m.ID == r.Body.Staff && m.Account != "" && m.Account != x.Account {
				o.Member(x.Account).Role, m.Role, next = wire.RoleStaff, wire.RoleAdministrator, m.Account
				return store.Entries{{At: now, Act: actHanded, Account: x.Account, Device: x.Device, USCC: o.USCC, Person: m.Name}}, nil
			}
		}
		return nil, unfit(codeWrongState, "only one of the staff can become the administrator")
	})
	if err != nil {
		return nil, err
	}
	if err := s.store.Keep(ctx, once, now); err != nil {
		return nil, err
	}
	s.inform(ctx, store.Message{Account: next, Title: "您已成为管理员", Text: o.Name + "的管理员已转授给您。"})
	return wire.HandOver200JSONResponse(organisation(o, x.Account)), nil
}

func (s *Server) staff(ctx context.Context, o store.Organisation, m store.Member) (wire.Staff, error) {
	v := wire.Staff{ID: m.ID, Name: m.Name, Phone: maskPhone(m.Phone), Role: m.Role, State: wire.StaffInvited}
	if m.Account == "" {
		return v, nil
	}
	v.State = wire.StaffMember
	own, err := s.store.Certificates(ctx, m.Account)
	for _, c := range own {
		if c.Organisation == o.ID && c.Use == wire.UseSign && c.State(s.now()) == wire.CertificateValid {
			v.Certificates++
		}
	}
	return v, err
}

// ListStaff are the people of an organisation that the account is of.
func (s *Server) ListStaff(ctx context.Context, r wire.ListStaffRequestObject) (wire.ListStaffResponseObject, error) {
	o, err := s.store.Organisation(ctx, r.OrganisationID)
	if err == nil && o.Role(who(ctx).Account) == "" {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, found(err)
	}
	list := wire.StaffList{Items: []wire.Staff{}}
	for _, m := range o.Members {
		v, err := s.staff(ctx, o, m)
		if err != nil {
			return nil, err
		}
		if m.Role == wire.RoleAdministrator {
			list.Items = append([]wire.Staff{v}, list.Items...)
		} else {
			list.Items = append(list.Items, v)
		}
	}
	return wire.ListStaff200JSONResponse(list), nil
}

const staffMost = 200

// AddStaff invites somebody, who is one of the staff at once when the number's account is this person's.
func (s *Server) AddStaff(ctx context.Context, r wire.AddStaffRequestObject) (wire.AddStaffResponseObject, error) {
	x, now := who(ctx), s.now()
	once, done, err := s.once(ctx, "AddStaff "+r.OrganisationID, r.Body)
	if err != nil {
		return nil, err
	}
	invited, err := s.store.AccountByPhone(ctx, r.Body.Phone)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	added := store.Member{ID: once.ID}
	o, err := s.changeAdministered(ctx, r.OrganisationID, func(o *store.Organisation) (store.Entries, error) {
		for _, m := range o.Members {
			if done && m.ID == once.ID {
				added = m
				return nil, nil
			}
			if m.Phone == r.Body.Phone || invited.ID != "" && m.Account == invited.ID {
				return nil, conflict(codeWrongState, "this number is of the organisation already")
			}
		}
		if len(o.Members) >= staffMost {
			return nil, conflict(codeLimitReached, "an organisation has at most %d people", staffMost)
		}
		added = store.Member{ID: once.ID, Role: wire.RoleStaff, Name: r.Body.Name, Phone: r.Body.Phone}
		if !invited.Checked.IsZero() && invited.Name == r.Body.Name {
			added.Account = invited.ID
		}
		o.Members = append(o.Members, added)
		return store.Entries{{At: now, Act: actStaff, Account: x.Account, Device: x.Device, USCC: o.USCC, Person: added.Name, Note: "added"}}, nil
	})
	if err != nil {
		return nil, err
	}
	if !done {
		if err := s.store.Keep(ctx, once, now); err != nil {
			return nil, err
		}
		s.welcome(ctx, o, added, r.Body.Phone)
	}
	v, err := s.staff(ctx, o, added)
	return wire.AddStaff201JSONResponse(v), err
}

// welcome tells who was added, in the app or by a short message.
func (s *Server) welcome(ctx context.Context, o store.Organisation, m store.Member, phone string) {
	if m.Account != "" {
		s.inform(ctx, store.Message{Account: m.Account, Title: "您已加入企业", Text: o.Name + "的管理员已将您加为办事人员，您可以申领企业证书。"})
		return
	}
	if err := s.cfg.Messenger.Send(ctx, phone, "【"+s.cfg.Name+"】"+o.Name+"邀请您成为办事人员，请登录移动 CA 并完成实名认证。"); err != nil {
		s.cfg.Log.WarnContext(ctx, "an invitation could not be sent", "error", err)
	}
}

// accept makes who was checked one of the staff where the number was invited under this name.
func (s *Server) accept(ctx context.Context, a store.Account) error {
	inviting, err := s.store.Inviting(ctx, a.Phone)
	if err != nil {
		return err
	}
	for _, o := range inviting {
		joined := false
		o, err := s.store.ChangeOrganisation(ctx, o.ID, func(o *store.Organisation) (store.Entries, error) {
			for i := range o.Members {
				if m := &o.Members[i]; m.Account == "" && m.Phone == a.Phone && m.Name == a.Name && o.Member(a.ID) == nil {
					m.Account, joined = a.ID, true
					return store.Entries{{At: s.now(), Act: actStaff, Account: a.ID, USCC: o.USCC, Person: a.Name, Note: "accepted"}}, nil
				}
			}
			return nil, nil
		})
		if err != nil {
			return err
		}
		if joined {
			s.welcome(ctx, o, *o.Member(a.ID), a.Phone)
		}
	}
	return nil
}

// RemoveStaff takes somebody out, and revokes the certificates of the organisation that are his.
func (s *Server) RemoveStaff(ctx context.Context, r wire.RemoveStaffRequestObject) (wire.RemoveStaffResponseObject, error) {
	x, now := who(ctx), s.now()
	var gone store.Member
	o, err := s.changeAdministered(ctx, r.OrganisationID, func(o *store.Organisation) (store.Entries, error) {
		for i, m := range o.Members {
			if m.ID != r.StaffID {
				continue
			}
			if m.Role == wire.RoleAdministrator {
				return nil, conflict(codeWrongState, "the administrator has to hand over first")
			}
			gone = m
			o.Members = append(o.Members[:i:i], o.Members[i+1:]...)
			return store.Entries{{At: now, Act: actStaff, Account: x.Account, Device: x.Device, USCC: o.USCC, Person: m.Name, Note: "removed"}}, nil
		}
		return nil, errNotFound()
	})
	if err != nil {
		return nil, err
	}
	if gone.Account != "" {
		if err := s.revokeOf(ctx, gone.Account, o.ID, wire.RevokeLeft, nil); err != nil {
			return nil, err
		}
		s.inform(ctx, store.Message{Account: gone.Account, Title: "您已不再是办事人员", Text: o.Name + "的管理员已将您移出，您的该企业证书已注销。"})
	}
	return wire.RemoveStaff204Response{}, nil
}

// revokeOf revokes an account's certificates of an organisation, but for those named.
func (s *Server) revokeOf(ctx context.Context, account, organisation string, reason wire.RevocationRequestReason, but []string) error {
	own, err := s.store.Certificates(ctx, account)
	if err != nil {
		return err
	}
	devices, err := s.store.Devices(ctx, account)
	if err != nil {
		return err
	}
	for _, c := range own {
		if c.Organisation != organisation || c.Use != wire.UseSign || !c.RevokedAt.IsZero() || slices.Contains(but, c.ID) {
			continue
		}
		if err := s.revoke(ctx, store.Request{Certificate: c.ID, Revocation: string(reason)}); err != nil {
			return err
		}
		for _, d := range devices {
			if err := s.endWith(ctx, wire.EndedByCertificate, d.ID, c.ID, c.Pair); err != nil {
				return err
			}
		}
	}
	return nil
}
