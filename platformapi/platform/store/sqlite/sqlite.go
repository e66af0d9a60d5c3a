package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
)

//go:embed migrations/*.sql
var files embed.FS

// keepAnswers is how long a key's answer is kept: an outbox may be without a network for a long time.
const keepAnswers = 90 * 24 * time.Hour

// Store implements store.Store.
type Store struct{ write, read *sql.DB }

var _ store.Store = (*Store)(nil)

// Open opens the file at path, or makes it.
func Open(ctx context.Context, path string) (*Store, error) {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, err
	}
	write, read, err := web.OpenSQLite(ctx, path, migrations)
	if err != nil {
		return nil, err
	}
	return &Store{write: write, read: read}, nil
}

// Close closes the file.
func (s *Store) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

// Ping reads from the file.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read.QueryRowContext(ctx, `SELECT 1 FROM organisations UNION ALL SELECT 1 LIMIT 1`).Scan(&one)
}

func (s *Store) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// Import adds organisations and lots, or brings them up to date.
func (s *Store) Import(ctx context.Context, orgs []platformapi.Organisation, lots []store.Lot) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		for _, o := range orgs {
			if _, err := tx.ExecContext(ctx, `INSERT INTO organisations (uscc, name) VALUES (?, ?)
				ON CONFLICT (uscc) DO UPDATE SET name = excluded.name`, o.USCC, o.Name); err != nil {
				return err
			}
		}
		for _, l := range lots {
			data, err := json.Marshal(l)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO lots (id, purchaser_uscc, supplier_uscc, traded_at, data) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (id) DO UPDATE SET purchaser_uscc = excluded.purchaser_uscc, supplier_uscc = excluded.supplier_uscc,
				traded_at = excluded.traded_at, data = excluded.data`,
				l.ID, l.Purchaser.USCC, l.Supplier.USCC, micros(l.TradedAt), string(data)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Organisation is the organisation of this code.
func (s *Store) Organisation(ctx context.Context, uscc string) (platformapi.Organisation, error) {
	o := platformapi.Organisation{USCC: uscc}
	err := s.read.QueryRowContext(ctx, `SELECT name FROM organisations WHERE uscc = ?`, uscc).Scan(&o.Name)
	return o, notFound(err)
}

// SaveChallenge keeps a challenge.
func (s *Store) SaveChallenge(ctx context.Context, c store.Challenge, now time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM challenges WHERE expires_at < ?`, micros(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO challenges (id, data, expires_at) VALUES (?, ?, ?)`, c.ID, c.Data, micros(c.ExpiresAt))
		return err
	})
}

// TakeChallenge reads a challenge and forgets it.
func (s *Store) TakeChallenge(ctx context.Context, id string) (store.Challenge, error) {
	c := store.Challenge{ID: id}
	var expires int64
	err := s.write.QueryRowContext(ctx, `DELETE FROM challenges WHERE id = ? RETURNING data, expires_at`, id).Scan(&c.Data, &expires)
	c.ExpiresAt = moment(expires)
	return c, notFound(err)
}

// SaveSession keeps a session.
func (s *Store) SaveSession(ctx context.Context, x store.Session, now time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires_at < ?`, micros(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (token_hash, uscc, person, cert_sha256, expires_at) VALUES (?, ?, ?, ?, ?)`,
			x.TokenHash, x.USCC, x.Person, x.CertSHA256, micros(x.ExpiresAt))
		return err
	})
}

// Session is the session of this token.
func (s *Store) Session(ctx context.Context, tokenHash string) (store.Session, error) {
	x := store.Session{TokenHash: tokenHash}
	var expires int64
	err := s.read.QueryRowContext(ctx, `SELECT uscc, person, cert_sha256, expires_at FROM sessions WHERE token_hash = ?`, tokenHash).
		Scan(&x.USCC, &x.Person, &x.CertSHA256, &expires)
	x.ExpiresAt = moment(expires)
	return x, notFound(err)
}

// DropSession forgets a session.
func (s *Store) DropSession(ctx context.Context, tokenHash string) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM sessions WHERE token_hash = ?`, tokenHash)
	return err
}

// Lots are those an organisation is a party of.
func (s *Store) Lots(ctx context.Context, uscc string) ([]store.Lot, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT data FROM lots WHERE ? IN (purchaser_uscc, supplier_uscc) ORDER BY traded_at DESC, id`, uscc)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(scan func(...any) error) (l store.Lot, err error) { return l, scanJSON(scan, &l) })
}

// Lot is the lot of this id.
func (s *Store) Lot(ctx context.Context, id string) (store.Lot, error) {
	var l store.Lot
	err := scanJSON(s.read.QueryRowContext(ctx, `SELECT data FROM lots WHERE id = ?`, id).Scan, &l)
	return l, notFound(err)
}

func scanJSON(scan func(...any) error, into any) error {
	var data string
	if err := scan(&data); err != nil {
		return err
	}
	return json.Unmarshal([]byte(data), into)
}

func collect[T any](rows *sql.Rows, one func(scan func(...any) error) (T, error)) ([]T, error) {
	defer func() { _ = rows.Close() }() // Err below has told of every failure
	var all []T
	for rows.Next() {
		v, err := one(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

const contractColumns = `c.id, c.starter, c.state, c.round, c.version, c.fields, c.sent, c.created_at, c.updated_at, c.arrived_at,
	c.submitted_at, c.viewed_at, c.concluded_at, c.publication, l.data`

func scanContract(scan func(...any) error) (store.Contract, error) {
	var c store.Contract
	var fields, sent, publication, lot string
	var created, updated, arrived, submitted, viewed, concluded int64
	err := scan(&c.ID, &c.Starter, &c.State, &c.Round, &c.Version, &fields, &sent, &created, &updated, &arrived,
		&submitted, &viewed, &concluded, &publication, &lot)
	if err != nil {
		return c, notFound(err)
	}
	c.CreatedAt, c.UpdatedAt, c.ArrivedAt = moment(created), moment(updated), moment(arrived)
	c.SubmittedAt, c.ViewedAt, c.ConcludedAt = moment(submitted), moment(viewed), moment(concluded)
	return c, errors.Join(
		json.Unmarshal([]byte(fields), &c.Fields), json.Unmarshal([]byte(sent), &c.Sent),
		json.Unmarshal([]byte(publication), &c.Publication), json.Unmarshal([]byte(lot), &c.Lot))
}

// querier is a pool or a transaction.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

func contract(ctx context.Context, q querier, id string) (store.Contract, error) {
	c, err := scanContract(q.QueryRowContext(ctx, `SELECT `+contractColumns+` FROM contracts c JOIN lots l ON l.id = c.lot_id WHERE c.id = ?`, id).Scan)
	if err != nil {
		return c, err
	}
	rows, err := q.QueryContext(ctx, `SELECT data FROM attachments WHERE contract_id = ? ORDER BY seq`, id)
	if err != nil {
		return c, err
	}
	c.Attachments, err = collect(rows, func(scan func(...any) error) (a store.Attachment, err error) { return a, scanJSON(scan, &a) })
	if err != nil {
		return c, err
	}
	rows, err = q.QueryContext(ctx, `SELECT data FROM history WHERE contract_id = ? ORDER BY seq`, id)
	if err != nil {
		return c, err
	}
	c.History, err = collect(rows, func(scan func(...any) error) (r platformapi.HistoryRow, err error) { return r, scanJSON(scan, &r) })
	return c, err
}

// Contract is the contract of this id.
func (s *Store) Contract(ctx context.Context, id string) (store.Contract, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.Contract{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	return contract(ctx, tx, id)
}

// LiveContract is the lot's contract that is not void.
func (s *Store) LiveContract(ctx context.Context, lotID string) (store.Contract, error) {
	return scanContract(s.read.QueryRowContext(ctx, `SELECT `+contractColumns+
		` FROM contracts c JOIN lots l ON l.id = c.lot_id WHERE c.lot_id = ? AND c.state <> 'void'`, lotID).Scan)
}

// Contracts is a page.
func (s *Store) Contracts(ctx context.Context, q store.Query) ([]store.Contract, error) {
	where := []string{`(c.starter_uscc = ?1 OR c.other_uscc = ?1 AND c.submitted_at > 0)`}
	var args []any
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("?%d", len(args)) }
	arg(q.USCC)
	if q.State == "" {
		where = append(where, `c.state <> 'void'`)
	} else {
		where = append(where, `c.state = `+arg(string(q.State)))
	}
	for word := range strings.FieldsSeq(strings.ToLower(q.Words)) {
		where = append(where, `instr(CASE WHEN c.starter_uscc = ?1 THEN c.words ELSE c.sent_words END, `+arg(word)+`) > 0`)
	}
	if q.BeforeID != "" {
		where = append(where, `(c.created_at, c.id) < (`+arg(micros(q.Before))+`, `+arg(q.BeforeID)+`)`)
	}
	rows, err := s.read.QueryContext(ctx, `SELECT `+contractColumns+` FROM contracts c JOIN lots l ON l.id = c.lot_id WHERE `+
		strings.Join(where, ` AND `)+` ORDER BY c.created_at DESC, c.id DESC LIMIT `+arg(q.Limit), args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanContract)
}

// Receipts are an organisation's for a contract.
func (s *Store) Receipts(ctx context.Context, uscc, contractID string) ([]platformapi.Receipt, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT number, kind, version, sha256, at FROM receipts WHERE contract_id = ? AND uscc = ? ORDER BY seq`, contractID, uscc)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(scan func(...any) error) (platformapi.Receipt, error) {
		r := platformapi.Receipt{ContractID: contractID}
		var at int64
		err := scan(&r.Number, &r.Kind, &r.Version, &r.SHA256, &at)
		r.At = moment(at)
		return r, err
	})
}

func answer(ctx context.Context, q querier, uscc, key string) (store.Answer, error) {
	a := store.Answer{Replayed: true}
	err := q.QueryRowContext(ctx, `SELECT hash, body FROM answers WHERE uscc = ? AND key = ?`, uscc, key).Scan(&a.Hash, &a.Body)
	return a, notFound(err)
}

// Answer is the stored answer to a key.
func (s *Store) Answer(ctx context.Context, uscc, key string) (store.Answer, error) {
	return answer(ctx, s.read, uscc, key)
}

// HasBlob says whether any attachment, or any piece of an upload, has this digest.
func (s *Store) HasBlob(ctx context.Context, sha256 string) (bool, error) {
	var found bool
	err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM attachments WHERE sha256 = ?1)
		OR EXISTS (SELECT 1 FROM upload_pieces WHERE sha256 = ?1)`, sha256).Scan(&found)
	return found, err
}

// constraint names the unique column or index that err is about.
func constraint(err error) string {
	e, ok := errors.AsType[*sqlite.Error](err)
	if ok && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY) {
		return e.Error()
	}
	return ""
}
