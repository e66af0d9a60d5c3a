package tables

import (
	"context"
	"database/sql"
	"errors"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/web/sqldb"
)

var (
	applications = kind[store.Application]{
		table: "applications", columns: []string{"account", "state", "created_at"}, version: func(a *store.Application) *int64 { return &a.Version },
		row: func(a *store.Application) []any {
			return []any{a.ID, a.Account, string(a.State), sqldb.Micros(a.CreatedAt)}
		},
	}
	organisations = kind[store.Organisation]{table: "organisations", columns: []string{"uscc"}, row: func(o *store.Organisation) []any { return []any{o.ID, o.USCC} }}
)

// CreateApplication keeps an application.
func (s *Store) CreateApplication(ctx context.Context, a store.Application, once store.Once, uscc string, rule func(*store.Application, *store.Organisation) (*store.Organisation, store.Entries, error)) (store.Application, error) {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var known *store.Organisation
		var e edited[store.Organisation]
		var err error
		if uscc != "" {
			e, err = organisations.edit(ctx, s.db, tx, `uscc = $1`, uscc)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			known = e.v
		}
		org, entries, err := rule(&a, known)
		if err != nil {
			return err
		}
		if err := errors.Join(s.keep(ctx, tx, once, a.CreatedAt), applications.insert(ctx, s.db, tx, &a)); err != nil {
			return err
		}
		switch {
		case org == nil:
		case known == nil:
			err = organisations.insert(ctx, s.db, tx, org)
		default:
			_, err = e.save(ctx, s.db, tx)
		}
		if err == nil && org != nil {
			err = s.saveMembers(ctx, tx, org)
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, entries)
	})
	return a, err
}

// saveMembers keeps by whom an organisation is found.
func (s *Store) saveMembers(ctx context.Context, tx *sql.Tx, o *store.Organisation) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM members WHERE organisation = $1`, o.ID); err != nil {
		return err
	}
	for _, m := range o.Members {
		if _, err := tx.ExecContext(ctx, `INSERT INTO members (organisation, account) VALUES ($1, $2)`, o.ID, m.Account); err != nil {
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

// Organisation is the organisation of this id.
func (s *Store) Organisation(ctx context.Context, id string) (store.Organisation, error) {
	return organisations.one(ctx, s.db.Read, "", `id = $1`, id)
}

// OrganisationsOf are those that an account is of.
func (s *Store) OrganisationsOf(ctx context.Context, account string) ([]store.Organisation, error) {
	return organisations.list(ctx, s.db.Read, `id IN (SELECT organisation FROM members WHERE account = $1) ORDER BY id`, account)
}
