package mobileca

import (
	"context"

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
