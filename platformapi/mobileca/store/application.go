package store

import (
	"context"
	"time"

	"sealdesk/platformapi/mobileca/wire"
)

// Applications are what people ask of the CA, and the organisations that come of it.
type Applications interface {
	// CreateApplication keeps an application with its attachments.
	CreateApplication(ctx context.Context, a Application, once Once, attached []wire.Attachment, e Entries) (Application, error)
	Application(ctx context.Context, id string) (Application, error)
	Applications(ctx context.Context, account string) ([]Application, error)
	ChangeApplication(ctx context.Context, id string, rule func(*Application) (Entries, error)) (Application, error)
	// ReviewApplication hands an application to the rule with the organisation of a code, nil when there is none or the code
	// is "", which the rule makes or changes.
	ReviewApplication(ctx context.Context, id, uscc string, rule func(*Application, *Organisation) (*Organisation, Entries, error)) (Application, error)
	// WaitingApplications are in a state, the oldest first; of one organisation when it is not "".
	WaitingApplications(ctx context.Context, state wire.ApplicationState, organisation string) ([]Application, error)
	// Attachments are an application's.
	Attachments(ctx context.Context, application string) ([]wire.Attachment, error)
	// PayApplication keeps a bill with what the rule makes of its application.
	PayApplication(ctx context.Context, once Once, b Bill, rule func(*Application) (Entries, error)) (Application, error)

	Organisation(ctx context.Context, id string) (Organisation, error)
	OrganisationByCode(ctx context.Context, uscc string) (Organisation, error)
	ChangeOrganisation(ctx context.Context, id string, rule func(*Organisation) (Entries, error)) (Organisation, error)
	// Inviting are the organisations that invited a number.
	Inviting(ctx context.Context, phone string) ([]Organisation, error)
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
	Paid         bool
	Charging     bool // a charge was asked for, and it is not known that it was refused
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

// Member is one of an organisation's people, or invited to be one.
type Member struct {
	ID      string
	Account string // "" while invited
	Role    wire.Role
	Name    string
	Phone   string // by which one was invited
}

// Role is an account's in the organisation, "" for none.
func (o *Organisation) Role(account string) wire.Role {
	if m := o.Member(account); m != nil {
		return m.Role
	}
	return ""
}

// Member is the member with an account, nil for none.
func (o *Organisation) Member(account string) *Member {
	for i := range o.Members {
		if m := &o.Members[i]; m.Account != "" && m.Account == account {
			return m
		}
	}
	return nil
}

// Administrator is who administers it.
func (o *Organisation) Administrator() Member {
	for _, m := range o.Members {
		if m.Role == wire.RoleAdministrator {
			return m
		}
	}
	return Member{}
}
