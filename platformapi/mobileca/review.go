package mobileca

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// kinds are what applications are called in messages.
var kinds = map[wire.ApplicationKind]string{
	wire.ApplyClaim: "认领企业", wire.ApplyJoin: "加入企业", wire.ApplyPersonal: "申领个人证书", wire.ApplyExtra: "新增证书",
	wire.ApplyRenew: "证书续期", wire.ApplyReapply: "重新申请证书", wire.ApplyChange: "变更企业信息",
}

// forward hands an application to who has to look at it next.
func (s *Server) forward(ctx context.Context, a store.Application) (store.Application, error) {
	switch a.State {
	case wire.ApplicationAdministratorReview:
		o, err := s.store.Organisation(ctx, a.Organisation)
		if err != nil {
			return a, err
		}
		s.inform(ctx, store.Message{
			Account: o.Administrator().Account, Application: a.ID, Title: "待审核：" + kinds[a.Kind], Text: fmt.Sprintf("%s申请%s（%s），请审核。", a.Subject.Person, kinds[a.Kind], o.Name),
		})
	case wire.ApplicationCAReview:
		if s.cfg.Clerk == nil {
			return a, nil
		}
		if v := s.cfg.Clerk.Look(ctx, a); v.Approve || v.Refuse != "" {
			return s.Decide(ctx, a.ID, v.Approve, v.Refuse)
		}
	}
	return a, nil
}

// Waiting are the applications that wait for the CA's review, the oldest first.
func (s *Server) Waiting(ctx context.Context) ([]store.Application, error) {
	return s.store.WaitingApplications(ctx, wire.ApplicationCAReview, "")
}

// Attachments are what came with an application.
func (s *Server) Attachments(ctx context.Context, id string) ([]wire.Attachment, error) {
	return s.store.Attachments(ctx, id)
}

// Decide is the CA's review of an application: it is approved, and its organisation is made or changed, or refused for a
// reason. Who applied is told.
func (s *Server) Decide(ctx context.Context, id string, approve bool, reason string) (store.Application, error) {
	now := s.now()
	asked, err := s.store.Application(ctx, id)
	if err != nil {
		return asked, found(err)
	}
	if !approve && reason == "" {
		return asked, unfit(platformapi.CodeFieldsMissing, "a refusal has a reason")
	}
	applicant, err := s.store.Account(ctx, asked.Account)
	if err != nil {
		return asked, err
	}
	code := ""
	if asked.Data != nil {
		code = asked.Data.USCC
	}
	rule := func(a *store.Application, o *store.Organisation) (*store.Organisation, store.Entries, error) {
		if a.State != wire.ApplicationCAReview {
			return nil, nil, inState(a.State, "the application is %s", a.State)
		}
		entries := store.Entries{{At: now, Act: actReviewed, Account: a.Account, USCC: a.Subject.USCC, Note: fmt.Sprintf("CA, %s, approved: %t", a.Kind, approve)}}
		if approve && a.Kind == wire.ApplyClaim && o != nil {
			approve, reason = false, "该企业已被他人认领"
		}
		if !approve {
			a.State, a.Reason = wire.ApplicationRefused, reason
			return nil, entries, nil
		}
		a.State = wire.ApplicationToDownload
		if a.Price > 0 {
			a.State = wire.ApplicationToPay
		}
		switch a.Kind {
		case wire.ApplyClaim:
			o = &store.Organisation{
				ID: platformapi.NewID(), USCC: a.Data.USCC, Name: a.Data.Name, LegalPerson: a.Data.LegalPerson, Address: a.Data.Address, RegisteredAt: now,
				Members: []store.Member{{ID: platformapi.NewID(), Account: a.Account, Role: wire.RoleAdministrator, Name: applicant.Name, Phone: applicant.Phone}},
			}
			a.Organisation = o.ID
			return o, entries, nil
		case wire.ApplyChange:
			o.Name, o.LegalPerson, o.Address = a.Data.Name, a.Data.LegalPerson, a.Data.Address
			return o, entries, nil
		}
		return nil, entries, nil
	}
	a, err := s.store.ReviewApplication(ctx, id, code, rule)
	if errors.Is(err, store.ErrTaken) { // another claim was approved at the same moment
		a, err = s.store.ReviewApplication(ctx, id, code, rule)
	}
	if err != nil {
		return a, found(err)
	}
	s.hub.tell(ofApplication(a.ID))
	s.tellDecided(ctx, a)
	return a, nil
}

// tellDecided tells who applied what became of it, and after a change of name the staff.
func (s *Server) tellDecided(ctx context.Context, a store.Application) {
	m := store.Message{Account: a.Account, Application: a.ID, Title: "审核通过：" + kinds[a.Kind], Text: "CA 审核已通过，请下载证书。"}
	switch a.State {
	case wire.ApplicationToPay:
		m.Text = "CA 审核已通过，请支付并下载证书。"
	case wire.ApplicationRefused:
		m.Title, m.Text = "审核未通过："+kinds[a.Kind], "原因："+a.Reason
	}
	s.inform(ctx, m)
	if a.Kind != wire.ApplyChange || a.State == wire.ApplicationRefused {
		return
	}
	o, err := s.store.Organisation(ctx, a.Organisation)
	if err != nil {
		s.cfg.Log.ErrorContext(ctx, "staff could not be told of a change", "error", err)
		return
	}
	for _, member := range o.Members {
		if member.Account != "" && member.Account != a.Account {
			s.inform(ctx, store.Message{Account: member.Account, Title: "企业信息已变更", Text: fmt.Sprintf("企业名称现为%s。请为您的企业证书办理续期，使证书与交易平台的登记一致。", o.Name)})
		}
	}
}

// ListReviews are the applications that wait for oneself as administrator.
func (s *Server) ListReviews(ctx context.Context, _ wire.ListReviewsRequestObject) (wire.ListReviewsResponseObject, error) {
	x := who(ctx)
	all, err := s.store.OrganisationsOf(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	list := wire.ApplicationList{Items: []wire.Application{}}
	for _, o := range all {
		if o.Role(x.Account) != wire.RoleAdministrator {
			continue
		}
		waiting, err := s.store.WaitingApplications(ctx, wire.ApplicationAdministratorReview, o.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range waiting {
			v, err := s.application(ctx, a)
			if err != nil {
				return nil, err
			}
			list.Items = append(list.Items, v)
		}
	}
	return wire.ListReviews200JSONResponse(list), nil
}

// ReviewApplication approves or refuses as administrator. Who joins is one of the staff from then on.
func (s *Server) ReviewApplication(ctx context.Context, r wire.ReviewApplicationRequestObject) (wire.ReviewApplicationResponseObject, error) {
	x, now := who(ctx), s.now()
	asked, err := s.store.Application(ctx, r.ApplicationID)
	if err != nil {
		return nil, found(err)
	}
	org, err := s.store.Organisation(ctx, asked.Organisation)
	if err == nil && org.Role(x.Account) != wire.RoleAdministrator {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, found(err)
	}
	if !r.Body.Approve && r.Body.Reason == "" {
		return nil, unfit(platformapi.CodeFieldsMissing, "a refusal has a reason")
	}
	applicant, err := s.store.Account(ctx, asked.Account)
	if err != nil {
		return nil, err
	}
	a, err := s.store.ReviewApplication(ctx, asked.ID, org.USCC, func(a *store.Application, o *store.Organisation) (*store.Organisation, store.Entries, error) {
		switch {
		case a.State != wire.ApplicationAdministratorReview:
			return nil, nil, inState(a.State, "the application is %s", a.State)
		case o == nil || o.Role(x.Account) != wire.RoleAdministrator:
			return nil, nil, forbid(codeNotAdministrator, "one is not the administrator any more")
		}
		entries := store.Entries{{At: now, Act: actReviewed, Account: x.Account, Device: x.Device, USCC: o.USCC, Person: a.Subject.Person, Note: fmt.Sprintf("%s, approved: %t", a.Kind, r.Body.Approve)}}
		if !r.Body.Approve {
			a.State, a.Reason = wire.ApplicationRefused, r.Body.Reason
			return nil, entries, nil
		}
		a.State = wire.ApplicationCAReview
		if o.Member(a.Account) == nil {
			admit(o, applicant)
			return o, entries, nil
		}
		return nil, entries, nil
	})
	if err != nil {
		return nil, err
	}
	s.hub.tell(ofApplication(a.ID))
	if a.State == wire.ApplicationRefused {
		s.inform(ctx, store.Message{Account: a.Account, Application: a.ID, Title: "管理员未通过：" + kinds[a.Kind], Text: "原因：" + a.Reason})
	}
	if a, err = s.forward(ctx, a); err != nil {
		return nil, err
	}
	v, err := s.application(ctx, a)
	return wire.ReviewApplication200JSONResponse(v), err
}

// admit makes an account one of the staff, in the place of its invitation if there is one.
func admit(o *store.Organisation, a store.Account) {
	for i := range o.Members {
		if m := &o.Members[i]; m.Account == "" && m.Phone == a.Phone {
			m.Account, m.Name = a.ID, a.Name
			return
		}
	}
	o.Members = append(o.Members, store.Member{ID: platformapi.NewID(), Account: a.ID, Role: wire.RoleStaff, Name: a.Name, Phone: a.Phone})
}
