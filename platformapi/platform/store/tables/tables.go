package tables

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web/audit"
	"sealdesk/platformapi/web/sqldb"
)

// keepAnswers is how long a key's answer is kept: an outbox may be without a network for a long time.
const keepAnswers = 90 * 24 * time.Hour

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
	return s.db.Read.QueryRowContext(ctx, `SELECT 1 FROM organisations UNION ALL SELECT 1 LIMIT 1`).Scan(&one)
}

// lock follows a SELECT of contracts c: no other transaction changes the row until this one ends.
func (s *Store) lock() string { return s.db.Lock("c") }

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// Import adds organisations and lots, or brings them up to date.
func (s *Store) Import(ctx context.Context, orgs []platformapi.Organisation, lots []store.Lot, now time.Time) error {
	said, err := json.Marshal([]any{orgs, lots})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(said)
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, o := range orgs {
			if _, err := tx.ExecContext(ctx, `INSERT INTO organisations (uscc, name) VALUES ($1, $2)
				ON CONFLICT (uscc) DO UPDATE SET name = excluded.name`, o.USCC, o.Name); err != nil {
				return err
			}
		}
		for _, l := range lots {
			data, err := json.Marshal(l)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO lots (id, purchaser_uscc, supplier_uscc, agency_uscc, traded_at, data) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (id) DO UPDATE SET purchaser_uscc = excluded.purchaser_uscc, supplier_uscc = excluded.supplier_uscc,
				agency_uscc = excluded.agency_uscc, traded_at = excluded.traded_at, data = excluded.data`,
				l.ID, l.Purchaser.USCC, l.Supplier.USCC, l.AgencyUSCC, sqldb.Micros(l.TradedAt), string(data)); err != nil {
				return err
			}
		}
		_, err := record(ctx, tx, audit.Entry{At: now, Act: audit.Import, SHA256: hex.EncodeToString(sum[:])})
		return err
	})
}

// Organisation is the organisation of this code.
func (s *Store) Organisation(ctx context.Context, uscc string) (platformapi.Organisation, error) {
	o := platformapi.Organisation{USCC: uscc}
	err := s.db.Read.QueryRowContext(ctx, `SELECT name FROM organisations WHERE uscc = $1`, uscc).Scan(&o.Name)
	return o, notFound(err)
}

// OrganisationKind is what an organisation is on this platform.
func (s *Store) OrganisationKind(ctx context.Context, uscc string) (k platformapi.OrganisationKind, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT kind FROM organisations WHERE uscc = $1`, uscc).Scan(&k)
	return k, notFound(err)
}

// SetOrganisationKind says what an organisation is.
func (s *Store) SetOrganisationKind(ctx context.Context, uscc string, k platformapi.OrganisationKind) error {
	return notFound(s.db.Write.QueryRowContext(ctx, `UPDATE organisations SET kind = $1 WHERE uscc = $2 RETURNING uscc`, k, uscc).Scan(&uscc))
}

// Venues are those of an organisation's hall terminals, or of all.
func (s *Store) Venues(ctx context.Context, uscc string) ([]string, error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT DISTINCT venue FROM venues WHERE uscc = $1 OR $1 = '' ORDER BY venue`, uscc)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, func(scan func(...any) error) (v string, err error) { return v, scan(&v) })
}

// SetVenues says in which venues an organisation's hall terminals stand.
func (s *Store) SetVenues(ctx context.Context, uscc string, venues []string) error {
	if _, err := s.Organisation(ctx, uscc); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM venues WHERE uscc = $1`, uscc); err != nil {
			return err
		}
		for _, v := range venues {
			if _, err := tx.ExecContext(ctx, `INSERT INTO venues (uscc, venue) VALUES ($1, $2) ON CONFLICT DO NOTHING`, uscc, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// SaveChallenge keeps a challenge.
func (s *Store) SaveChallenge(ctx context.Context, c store.Challenge) error {
	_, err := s.db.Write.ExecContext(ctx, `INSERT INTO challenges (id, data, expires_at) VALUES ($1, $2, $3)`, c.ID, c.Data, sqldb.Micros(c.ExpiresAt))
	return err
}

// TakeChallenge reads a challenge and forgets it.
func (s *Store) TakeChallenge(ctx context.Context, id string) (store.Challenge, error) {
	c := store.Challenge{ID: id}
	var expires int64
	err := s.db.Write.QueryRowContext(ctx, `DELETE FROM challenges WHERE id = $1 RETURNING data, expires_at`, id).Scan(&c.Data, &expires)
	c.ExpiresAt = sqldb.Moment(expires)
	return c, notFound(err)
}

// Lots are those an organisation is a party or the agency of.
func (s *Store) Lots(ctx context.Context, uscc string) ([]store.Lot, error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT data FROM lots WHERE purchaser_uscc = $1 OR supplier_uscc = $1 OR agency_uscc = $1 ORDER BY traded_at DESC, id`, uscc)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, func(scan func(...any) error) (l store.Lot, err error) { return l, scanJSON(scan, &l) })
}

// Lot is the lot of this id.
func (s *Store) Lot(ctx context.Context, id string) (store.Lot, error) {
	var l store.Lot
	err := scanJSON(s.db.Read.QueryRowContext(ctx, `SELECT data FROM lots WHERE id = $1`, id).Scan, &l)
	return l, notFound(err)
}

func scanJSON(scan func(...any) error, into any) error {
	var data string
	if err := scan(&data); err != nil {
		return err
	}
	return json.Unmarshal([]byte(data), into)
}

const contractColumns = `c.id, c.kind, c.parent_id, c.seal_order, c.starter, c.state, c.half_sealed, c.round, c.version, c.fields, c.sent, c.created_at, c.updated_at, c.arrived_at,
	c.submitted_at, c.viewed_at, c.concluded_at, c.publication, c.filed, l.data`

func scanContract(scan func(...any) error) (store.Contract, error) {
	var c store.Contract
	var fields, sent, publication, filed, lot string
	var created, updated, arrived, submitted, viewed, concluded int64
	err := scan(&c.ID, &c.Kind, &c.ParentID, &c.Order, &c.Starter, &c.State, &c.HalfSealed, &c.Round, &c.Version, &fields, &sent, &created, &updated, &arrived,
		&submitted, &viewed, &concluded, &publication, &filed, &lot)
	if err != nil {
		return c, notFound(err)
	}
	c.CreatedAt, c.UpdatedAt, c.ArrivedAt = sqldb.Moment(created), sqldb.Moment(updated), sqldb.Moment(arrived)
	c.SubmittedAt, c.ViewedAt, c.ConcludedAt = sqldb.Moment(submitted), sqldb.Moment(viewed), sqldb.Moment(concluded)
	return c, errors.Join(
		json.Unmarshal([]byte(fields), &c.Fields), json.Unmarshal([]byte(sent), &c.Sent),
		json.Unmarshal([]byte(publication), &c.Publication), json.Unmarshal([]byte(filed), &c.Filed), json.Unmarshal([]byte(lot), &c.Lot))
}

// family reads a contract without attachments and history: an amendment with its parent, any other with its amendments.
// lock follows the SELECT of its row and of its parent's, in this order always.
func family(ctx context.Context, q sqldb.Querier, id, lock string) (store.Contract, error) {
	c, err := scanContract(q.QueryRowContext(ctx, `SELECT `+contractColumns+` FROM contracts c JOIN lots l ON l.id = c.lot_id WHERE c.id = $1`+lock, id).Scan)
	if err != nil {
		return c, err
	}
	if c.ParentID != "" {
		parent, err := family(ctx, q, c.ParentID, lock)
		c.Parent = &parent
		return c, err
	}
	rows, err := q.QueryContext(ctx, `SELECT `+contractColumns+` FROM contracts c JOIN lots l ON l.id = c.lot_id
		WHERE c.parent_id = $1 AND c.parent_id <> '' AND c.state <> 'void' ORDER BY c.created_at, c.id`, id)
	if err != nil {
		return c, err
	}
	c.Amendments, err = sqldb.Collect(rows, scanContract)
	return c, err
}

func contract(ctx context.Context, q sqldb.Querier, id, lock string) (store.Contract, error) {
	c, err := family(ctx, q, id, lock)
	if err != nil {
		return c, err
	}
	rows, err := q.QueryContext(ctx, `SELECT data FROM attachments WHERE contract_id = $1 ORDER BY seq`, id)
	if err != nil {
		return c, err
	}
	c.Attachments, err = sqldb.Collect(rows, func(scan func(...any) error) (a store.Attachment, err error) { return a, scanJSON(scan, &a) })
	if err != nil {
		return c, err
	}
	rows, err = q.QueryContext(ctx, `SELECT data FROM history WHERE contract_id = $1 ORDER BY seq`, id)
	if err != nil {
		return c, err
	}
	c.History, err = sqldb.Collect(rows, func(scan func(...any) error) (r platformapi.HistoryRow, err error) { return r, scanJSON(scan, &r) })
	return c, err
}

// Contract is the contract of this id.
func (s *Store) Contract(ctx context.Context, id string) (store.Contract, error) {
	tx, err := s.db.Read.BeginTx(ctx, &s.db.Snapshot)
	if err != nil {
		return store.Contract{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	return contract(ctx, tx, id, "")
}

// LiveContract is the lot's contract that is not void.
func (s *Store) LiveContract(ctx context.Context, lotID string) (store.Contract, error) {
	return scanContract(s.db.Read.QueryRowContext(ctx, `SELECT `+contractColumns+
		` FROM contracts c JOIN lots l ON l.id = c.lot_id WHERE c.lot_id = $1 AND c.parent_id = '' AND c.state <> 'void'`, lotID).Scan)
}

// Unsigned are the lots without a live contract.
func (s *Store) Unsigned(ctx context.Context, after string, limit int) ([]store.Lot, error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT l.data FROM lots l WHERE l.id > $1 AND NOT EXISTS
		(SELECT 1 FROM contracts c WHERE c.lot_id = l.id AND c.parent_id = '' AND c.state <> 'void') ORDER BY l.id LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, func(scan func(...any) error) (l store.Lot, err error) { return l, scanJSON(scan, &l) })
}

// Unfinished are the contracts that are not signed, not made public or not filed.
func (s *Store) Unfinished(ctx context.Context, after string, limit int) ([]store.Contract, error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT `+contractColumns+` FROM contracts c JOIN lots l ON l.id = c.lot_id
		WHERE c.id > $1 AND c.state <> 'void' AND (c.state <> 'concluded' OR c.publication = 'null' OR c.filed = 'null') ORDER BY c.id LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, scanContract)
}

// literal makes of a word a LIKE pattern for the word itself.
var literal = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Contracts is a page.
func (s *Store) Contracts(ctx context.Context, q store.Query) ([]store.Contract, error) {
	var args []any
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	words, where := `c.sent_words`, []string{`c.submitted_at > 0`}
	switch q.Observer {
	case "":
		mine := `c.starter_uscc = ` + arg(q.USCC)
		words, where = `CASE WHEN `+mine+` THEN c.words ELSE c.sent_words END`, []string{`(` + mine + ` OR c.other_uscc = $1 AND c.submitted_at > 0)`}
	case platformapi.OrganisationSupervisor:
	default:
		where = append(where, `l.agency_uscc = `+arg(q.USCC))
	}
	if q.State == "" {
		where = append(where, `c.state <> 'void'`)
	} else {
		where = append(where, `c.state = `+arg(string(q.State)))
	}
	for word := range strings.FieldsSeq(strings.ToLower(q.Words)) {
		where = append(where, words+` LIKE `+arg("%"+literal.Replace(word)+"%")+` ESCAPE '\'`)
	}
	if q.BeforeID != "" {
		where = append(where, `(c.created_at, c.id) < (`+arg(sqldb.Micros(q.Before))+`, `+arg(q.BeforeID)+`)`)
	}
	rows, err := s.db.Read.QueryContext(ctx, `SELECT `+contractColumns+` FROM contracts c JOIN lots l ON l.id = c.lot_id WHERE `+
		strings.Join(where, ` AND `)+` ORDER BY c.created_at DESC, c.id DESC LIMIT `+arg(q.Limit), args...)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, scanContract)
}

// Receipts are an organisation's for a contract.
func (s *Store) Receipts(ctx context.Context, uscc, contractID string) ([]platformapi.Receipt, error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT number, kind, version, sha256, at, audit_seq, audit_hash FROM receipts WHERE contract_id = $1 AND uscc = $2 ORDER BY seq`, contractID, uscc)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, func(scan func(...any) error) (platformapi.Receipt, error) {
		r := platformapi.Receipt{ContractID: contractID}
		var at int64
		err := scan(&r.Number, &r.Kind, &r.Version, &r.SHA256, &at, &r.AuditSeq, &r.AuditHash)
		r.At = sqldb.Moment(at)
		return r, err
	})
}

func answer(ctx context.Context, q sqldb.Querier, uscc, key string) (store.Answer, error) {
	a := store.Answer{Replayed: true}
	err := q.QueryRowContext(ctx, `SELECT hash, body FROM answers WHERE uscc = $1 AND key = $2`, uscc, key).Scan(&a.Hash, &a.Body)
	return a, notFound(err)
}

// Answer is the stored answer to a key.
func (s *Store) Answer(ctx context.Context, uscc, key string) (store.Answer, error) {
	return answer(ctx, s.db.Read, uscc, key)
}
