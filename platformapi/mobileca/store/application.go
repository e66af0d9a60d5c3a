package store

import (
	"context"
	"time"

	"sealdesk/platformapi/mobileca/wire"
)

// Applications are what people ask of the CA, and the organisations that come of it.
type Applications interface {
	// CreateApplication keeps an application, and the organisation that the rule makes or changes for it: it is handed the
	// one of this code, nil when there is none or the code is "".
	CreateApplication(ctx context.Context, a Application, once Once, uscc string, rule func(*Application, *Organisation) (*Organisation, Entries, error)) (Application, error)
	Application(ctx context.Context, id string) (Application, error)
	Applications(ctx context.Context, account string) ([]Application, error)
	ChangeApplication(ctx context.Context, id string, rule func(*Application) (Entries, error)) (Application, error)

	Organisation(ctx context.Context, id string) (Organisation, error)
	// OrganisationsOf are those that an account is of.
	OrganisationsOf(ctx context.Context, account string) ([]Organisation, error)
}

// Application is what somebody asks of the CA.
type Application struct {
	ID           string
	Version      int64
	Account      string
	Kind         wire.ApplicationKind
	State        wire.ApplicationState
	Organisation string
	Data         *wire.OrganisationData
	Certificate  string
	Years        int
	Price        int64
	Reason       string
	CreatedAt    time.Time
	Subject      Subject
}

// Subject is whom certificates name.
type Subject struct {
	Name   string // of the organisation, or the person's
	USCC   string // of the organisation, "" for a person
	Person string
}

// Organisation has one administrator and staff.
type Organisation struct {
	ID           string
	USCC         string
	Name         string
	LegalPerson  string
	Address      string
	Members      []Member
	RegisteredAt time.Time
}

// Member is one of an organisation's people.
type Member struct {
	Account string
	Role    wire.Role
}

// Role is an account's in the organisation, "" for none.
func (o *Organisation) Role(account string) wire.Role {
	for _, m := range o.Members {
		if m.Account == account {
			return m.Role
		}
	}
	return ""
}
