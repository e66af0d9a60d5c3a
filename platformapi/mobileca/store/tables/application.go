package tables

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/sqldb"
)

var (
	applications = kind[store.Application]{
		table: "applications", columns: []string{"account", "organisation", "state", "created_at"}, version: func(a *store.Application) *int64 { return &a.Version },
		row: func(a *store.Application) []any {
			return []any{a.ID, a.Account, a.Organisation, string(a.State), sqldb.Micros(a.CreatedAt)}
		},
	}
	organisations = kind[store.Organisation]{table: "organisations", columns: []string{"uscc"}, row: func(o *store.Organisation) []any { return []any{o.ID, o.USCC} }}
)

// CreateApplication keeps an application.
func (s *Store) CreateApplication(ctx context.Context, a store.Application, once store.Once, attached []wire.Attachment, e store.Entries) (store.Application, error) {
	return a, s.create(ctx, once, a.CreatedAt, e, func(tx *sql.Tx) error {
		if err := applications.insert(ctx, s.db, tx, &a); err != nil || len(attached) == 0 {
			return err
		}
		data, err := json.Marshal(attached)
		if err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO attachments (application, data) VALUES ($1, $2)`, a.ID, string(data))
		}
		return err
	})
}

// Attachments are an application's.
func (s *Store) Attachments(ctx context.Context, application string) (attached []wire.Attachment, err error) {
	var data string
	err = s.db.Read.QueryRowContext(ctx, `SELECT data FROM attachments WHERE application = $1`, application).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(data), &attached)
	}
	return attached, err
}

// ReviewApplication changes an application and the organisation that it is about.
func (s *Store) ReviewApplication(ctx context.Context, id, uscc string, rule func(*store.Application, *store.Organisation) (*store.Organisation, store.Entries, error)) (a store.Application, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		e, err := applications.edit(ctx, s.db, tx, `id = $1`, id)
		if err != nil {
			return err
		}
		var org edited[store.Organisation]
		if uscc != "" {
			if org, err = organisations.edit(ctx, s.db, tx, `uscc = $1`, uscc); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		made, entries, err := rule(e.v, org.v)
		if err != nil {
			return err
		}
		switch {
		case made == nil:
		case org.v == nil:
			err = organisations.insert(ctx, s.db, tx, made)
		default:
			_, err = org.save(ctx, s.db, tx)
		}
		if err == nil && made != nil {
			err = s.saveMembers(ctx, tx, made)
		}
		if err != nil {
			return err
		}
		if _, err := e.save(ctx, s.db, tx); err != nil {
			return err
		}
		a = *e.v
		return record(ctx, tx, entries)
	})
	return a, err
}

// PayApplication keeps a bill.
func (s *Store) PayApplication(ctx context.Context, once store.Once, b store.Bill, rule func(*store.Application) (store.Entries, error)) (a store.Application, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		e, err := applications.edit(ctx, s.db, tx, `id = $1`, b.Application)
		if err != nil {
			return err
		}
		entries, err := rule(e.v)
		if err != nil {
			return err
		}
		if err := errors.Join(s.keep(ctx, tx, once, b.PaidAt), bills.insert(ctx, s.db, tx, &b)); err != nil {
			return err
		}
		if _, err := e.save(ctx, s.db, tx); err != nil {
			return err
		}
		a = *e.v
		return record(ctx, tx, entries)
	})
	return a, err
}

// saveMembers keeps by whom an organisation is found.
func (s *Store) saveMembers(ctx context.Context, tx *sql.Tx, o *store.Organisation) error {
	for _, table := range []string{"members", "invitations"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE organisation = $1`, o.ID); err != nil {
			return err
		}
	}
	for _, m := range o.Members {
		statement, by := `INSERT INTO members (organisation, account) VALUES ($1, $2)`, m.Account
		if by == "" {
			statement, by = `INSERT INTO invitations (organisation, phone) VALUES ($1, $2)`, m.Phone
		}
		if _, err := tx.ExecContext(ctx, statement, o.ID, by); err != nil {
			return err
		}
	}
	return nil
}

// Application is the application of this id.
func (s *Store) Application(ctx context.Context, id string) (store.Application, error) {
	return applications.one(ctx, s.db.Read, "", `id = $1`, id)
}

// Applications are an account's, the newest first.
func (s *Store) Applications(ctx context.Context, account string) ([]store.Application, error) {
	return applications.list(ctx, s.db.Read, `account = $1 ORDER BY created_at DESC, id DESC LIMIT 200`, account)
}

// ChangeApplication changes an application.
func (s *Store) ChangeApplication(ctx context.Context, id string, rule func(*store.Application) (store.Entries, error)) (store.Application, error) {
	return change(ctx, s, applications, id, rule)
}

// WaitingApplications are in a state.
func (s *Store) WaitingApplications(ctx context.Context, state wire.ApplicationState, organisation string) ([]store.Application, error) {
	return applications.list(ctx, s.db.Read, `state = $1 AND ($2 = '' OR organisation = $2) ORDER BY created_at, id LIMIT 200`, string(state), organisation)
}

// OrganisationByCode is the organisation of a code.
func (s *Store) OrganisationByCode(ctx context.Context, uscc string) (store.Organisation, error) {
	return organisations.one(ctx, s.db.Read, "", `uscc = $1`, uscc)
}

// ChangeOrganisation changes an organisation.
func (s *Store) ChangeOrganisation(ctx context.Context, id string, rule func(*store.Organisation) (store.Entries, error)) (o store.Organisation, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		e, err := organisations.edit(ctx, s.db, tx, `id = $1`, id)
		if err != nil {
			return err
		}
		entries, err := rule(e.v)
		if err != nil {
			return err
		}
		if changed, err := e.save(ctx, s.db, tx); err != nil || !changed {
			o = *e.v
			return err
		}
		o = *e.v
		if err := s.saveMembers(ctx, tx, e.v); err != nil {
			return err
		}
		return record(ctx, tx, entries)
	})
	return o, err
}

// Inviting are the organisations that invited a number.
func (s *Store) Inviting(ctx context.Context, phone string) ([]store.Organisation, error) {
	return organisations.list(ctx, s.db.Read, `id IN (SELECT organisation FROM invitations WHERE phone = $1) ORDER BY id`, phone)
}

// Organisation is the organisation of this id.
func (s *Store) Organisation(ctx context.Context, id string) (store.Organisation, error) {
	return organisations.one(ctx, s.db.Read, "", `id = $1`, id)
}

// OrganisationsOf are those that an account is of.
func (s *Store) OrganisationsOf(ctx context.Context, account string) ([]store.Organisation, error) {
	return organisations.list(ctx, s.db.Read, `id IN (SELECT organisation FROM members WHERE account = $1) ORDER BY id`, account)
}
