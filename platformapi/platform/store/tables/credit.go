package tables

import (
	"context"
	"database/sql"
	"encoding/json"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web/audit"
	"sealdesk/platformapi/web/sqldb"
)

// Credit is an organisation's credit library.
func (s *Store) Credit(ctx context.Context, uscc string) ([]platformapi.CreditItem, error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT data FROM credit WHERE uscc = $1 ORDER BY kind, name, id`, uscc)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, func(scan func(...any) error) (x platformapi.CreditItem, err error) { return x, scanJSON(scan, &x) })
}

// CreditItem is one entry of it.
func (s *Store) CreditItem(ctx context.Context, uscc, id string) (x platformapi.CreditItem, err error) {
	err = scanJSON(s.db.Read.QueryRowContext(ctx, `SELECT data FROM credit WHERE uscc = $1 AND id = $2`, uscc, id).Scan, &x)
	return x, notFound(err)
}

// The acts of the audit trail.
const (
	creditPut    audit.Act = "credit.put"
	creditRemove audit.Act = "credit.remove"
)

// ChangeCredit keeps an entry or takes it out.
func (s *Store) ChangeCredit(ctx context.Context, r store.Request, x platformapi.CreditItem, remove bool) (store.Answer, error) {
	var a store.Answer
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		body, err := json.Marshal(x)
		if err != nil {
			return err
		}
		answered := store.Answer{Hash: r.Hash, Body: body}
		first, err := take(ctx, tx, answered, r.USCC, r.Key, r.Now)
		if err != nil {
			return err
		}
		if !first {
			a, err = answer(ctx, tx, r.USCC, r.Key)
			return err
		}
		a = answered
		act := creditRemove
		if _, err := tx.ExecContext(ctx, `DELETE FROM credit_files WHERE uscc = $1 AND id = $2`, r.USCC, x.ID); err != nil {
			return err
		}
		if remove {
			_, err = tx.ExecContext(ctx, `DELETE FROM credit WHERE uscc = $1 AND id = $2`, r.USCC, x.ID)
		} else {
			act = creditPut
			_, err = tx.ExecContext(ctx, `INSERT INTO credit (uscc, id, kind, name, data) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (uscc, id) DO UPDATE SET kind = excluded.kind, name = excluded.name, data = excluded.data`, r.USCC, x.ID, x.Kind, x.Name, string(body))
			for _, f := range x.Files {
				if err == nil {
					_, err = tx.ExecContext(ctx, `INSERT INTO credit_files (uscc, id, sha256) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, r.USCC, x.ID, f.SHA256)
				}
			}
		}
		if err != nil {
			return err
		}
		_, err = record(ctx, tx, audit.Entry{At: r.Now, Act: act, USCC: r.USCC, Person: r.Person, Note: x.ID})
		return err
	})
	return a, err
}
