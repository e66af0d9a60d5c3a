package tables

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/web/audit"
	"sealdesk/platformapi/web/sqldb"
	"sealdesk/platformapi/web/sqldb/trail"
)

// Store implements store.Store.
type Store struct{ db *sqldb.DB }

var _ store.Store = (*Store)(nil)

// New keeps the store in a database that has its tables.
func New(db *sqldb.DB) *Store { return &Store{db} }

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ping reads from the database.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.db.Read.QueryRowContext(ctx, `SELECT one FROM audit_head`).Scan(&one)
}

func record(ctx context.Context, tx *sql.Tx, entries store.Entries) error {
	for _, e := range entries {
		if _, err := trail.Record(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

// keepMade is how long it is known what an idempotency key made.
const keepMade = 90 * 24 * time.Hour

// Made is what a key made.
func (s *Store) Made(ctx context.Context, account, key string) (store.Once, error) {
	o := store.Once{Account: account, Key: key}
	err := s.db.Read.QueryRowContext(ctx, `SELECT hash, made FROM made WHERE account = $1 AND key = $2`, account, key).Scan(&o.Hash, &o.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return o, store.ErrNotFound
	}
	return o, err
}

// keep keeps what a key made.
func (s *Store) keep(ctx context.Context, tx *sql.Tx, o store.Once, now time.Time) error {
	if o.Key == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO made (account, key, hash, made, at) VALUES ($1, $2, $3, $4, $5)`, o.Account, o.Key, o.Hash, o.ID, sqldb.Micros(now))
	if s.db.Taken(err) != "" {
		return store.ErrTaken
	}
	return err
}

// Keep keeps what a key made.
func (s *Store) Keep(ctx context.Context, o store.Once, now time.Time) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.keep(ctx, tx, o, now) })
	if errors.Is(err, store.ErrTaken) {
		return nil // by the same request at the same moment
	}
	return err
}

// AuditHead is the newest row of the trail.
func (s *Store) AuditHead(ctx context.Context) (audit.Head, error) { return trail.Head(ctx, s.db.Read) }

// CheckAudit follows the whole trail.
func (s *Store) CheckAudit(ctx context.Context) (audit.Head, error) {
	return s.follow(ctx, func(audit.Row, audit.Entry) error { return nil })
}

// Trail hands out the entries.
func (s *Store) Trail(ctx context.Context, each func(audit.Entry) error) error {
	_, err := s.follow(ctx, func(_ audit.Row, e audit.Entry) error { return each(e) })
	return err
}

func (s *Store) follow(ctx context.Context, each func(audit.Row, audit.Entry) error) (audit.Head, error) {
	tx, err := s.db.Read.BeginTx(ctx, &s.db.Snapshot)
	if err != nil {
		return audit.Head{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	head, err := trail.Head(ctx, tx)
	if err != nil {
		return head, err
	}
	return head, audit.Check(trail.Rows(ctx, tx), head, each)
}

// Claim says whether a job is due, and takes it.
func (s *Store) Claim(ctx context.Context, job string, every time.Duration, now time.Time) (bool, error) {
	return sqldb.Affects(s.db.Write.ExecContext(ctx, `INSERT INTO jobs (name, at) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE jobs.at <= $3`, job, sqldb.Micros(now), sqldb.Micros(now.Add(-every))))
}

// Expire settles what is over, and forgets what is of no use any more.
func (s *Store) Expire(ctx context.Context, now time.Time) error {
	const some = 200
	for _, x := range []struct {
		table  string
		settle func(id string) error
	}{
		{"pairings", func(id string) error {
			_, err := s.ChangePairing(ctx, id, now, func(*store.Pairing) (store.Entries, error) { return nil, nil })
			return err
		}},
		{"requests", func(id string) error {
			_, err := s.ChangeRequest(ctx, id, now, func(*store.Request, *store.Key, *store.Pairing) (store.Entries, error) { return nil, nil })
			return err
		}},
	} {
		for {
			rows, err := s.db.Read.QueryContext(ctx, `SELECT id FROM `+x.table+` WHERE until > 0 AND until <= $1 LIMIT $2`, sqldb.Micros(now), some)
			if err != nil {
				return err
			}
			ids, err := sqldb.Collect(rows, func(scan func(...any) error) (id string, err error) { return id, scan(&id) })
			if err != nil {
				return err
			}
			for _, id := range ids {
				if err := x.settle(id); err != nil {
					return err
				}
			}
			if len(ids) < some {
				break
			}
		}
	}
	for _, x := range []struct {
		statement string
		before    time.Time
	}{
		{`DELETE FROM pairings WHERE until = 0 AND device = '' AND made < $1`, now.Add(-24 * time.Hour)}, // nobody scanned them
		{`DELETE FROM sessions WHERE until < $1`, now},
		{`DELETE FROM codes WHERE until < $1`, now.Add(-24 * time.Hour)}, // the count of a day is in them
		{`DELETE FROM wechat_codes WHERE until < $1`, now},
		{`DELETE FROM recoveries WHERE until < $1`, now},
		{`DELETE FROM made WHERE at < $1`, now.Add(-keepMade)},
	} {
		if _, err := s.db.Write.ExecContext(ctx, x.statement, sqldb.Micros(x.before)); err != nil {
			return err
		}
	}
	return nil
}

// create keeps something new, with what its idempotency key made and the entries.
func (s *Store) create(ctx context.Context, once store.Once, at time.Time, entries store.Entries, insert func(*sql.Tx) error) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := errors.Join(s.keep(ctx, tx, once, at), insert(tx)); err != nil {
			return err
		}
		return record(ctx, tx, entries)
	})
}

// change reads one thing, has it judged, and keeps it with the entries.
func change[T any](ctx context.Context, s *Store, k kind[T], id string, rule func(*T) (store.Entries, error)) (T, error) {
	var changed T
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		e, err := k.edit(ctx, s.db, tx, `id = $1`, id)
		if err != nil {
			return err
		}
		entries, err := rule(e.v)
		if err != nil {
			return err
		}
		if _, err := e.save(ctx, s.db, tx); err != nil {
			return err
		}
		changed = *e.v
		return record(ctx, tx, entries)
	})
	return changed, err
}
