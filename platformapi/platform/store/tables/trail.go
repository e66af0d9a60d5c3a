package tables

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web/audit"
	"sealdesk/platformapi/web/sqldb"
	"sealdesk/platformapi/web/sqldb/trail"
)

// record appends to the audit trail, and makes an event of what happened to a contract.
func record(ctx context.Context, tx *sql.Tx, e audit.Entry) (audit.Row, error) {
	row, err := trail.Record(ctx, tx, e)
	if err != nil || e.ContractID == "" {
		return row, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO events (seq, contract_id, act, at) VALUES ($1, $2, $3, $4)`, row.Seq, e.ContractID, e.Act, sqldb.Micros(e.At))
	return row, err
}

// Events are what happened to contracts that an organisation may see.
func (s *Store) Events(ctx context.Context, q store.EventQuery) ([]platformapi.Event, error) {
	args := []any{q.After, q.Until, q.Limit}
	seen := `c.submitted_at > 0`
	switch q.Observer {
	case "":
		seen, args = `(c.starter_uscc = $4 OR c.other_uscc = $4 AND c.submitted_at > 0)`, append(args, q.USCC)
	case platformapi.OrganisationSupervisor:
	default:
		seen, args = seen+` AND l.agency_uscc = $4`, append(args, q.USCC)
	}
	rows, err := s.db.Read.QueryContext(ctx, `SELECT e.seq, e.contract_id, e.act, e.at FROM events e JOIN contracts c ON c.id = e.contract_id
		JOIN lots l ON l.id = c.lot_id WHERE e.seq > $1 AND e.seq <= $2 AND `+seen+` ORDER BY e.seq LIMIT $3`, args...)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, func(scan func(...any) error) (e platformapi.Event, err error) {
		var at int64
		err = scan(&e.Seq, &e.ContractID, &e.Act, &at)
		e.At = sqldb.Moment(at)
		return e, err
	})
}

// AuditHead is the newest row of the trail.
func (s *Store) AuditHead(ctx context.Context) (audit.Head, error) { return trail.Head(ctx, s.db.Read) }

// KeepSignedHead keeps a head that was signed.
func (s *Store) KeepSignedHead(ctx context.Context, h audit.SignedHead) error {
	_, err := s.db.Write.ExecContext(ctx, `INSERT INTO audit_signed (seq, hash, at, signature) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		h.Seq, h.Hash, sqldb.Micros(h.At), h.Signature)
	return err
}

// SignedHeads are those that were signed, the oldest first.
func (s *Store) SignedHeads(ctx context.Context) ([]audit.SignedHead, error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT seq, hash, at, signature FROM audit_signed ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, func(scan func(...any) error) (audit.SignedHead, error) {
		var h audit.SignedHead
		var at int64
		err := scan(&h.Seq, &h.Hash, &at, &h.Signature)
		h.At = sqldb.Moment(at)
		return h, err
	})
}

// CheckAudit follows the whole trail, and holds against it the contracts' histories, the receipts and the signed heads. Its
// error is an *audit.Fault when something is not as it was written.
func (s *Store) CheckAudit(ctx context.Context) (audit.Head, error) {
	tx, err := s.db.Read.BeginTx(ctx, &s.db.Snapshot)
	if err != nil {
		return audit.Head{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	head, err := trail.Head(ctx, tx)
	if err != nil {
		return head, err
	}
	histories := map[string]string{} // the hash of the newest history row of each contract, as the trail has it
	err = audit.Check(trail.Rows(ctx, tx), head, func(_ audit.Row, e audit.Entry) error {
		if e.HistorySeq > 0 {
			histories[e.ContractID] = e.HistoryHash
		}
		return nil
	})
	if err != nil {
		return head, err
	}
	if err := checkGiven(ctx, tx); err != nil {
		return head, err
	}
	return head, checkHistories(ctx, tx, histories)
}

// checkGiven looks for the first row whose hash somebody else has, in a receipt or signed, and that is another one or gone.
func checkGiven(ctx context.Context, q sqldb.Querier) error {
	var seq int64
	var where string
	var there bool
	err := q.QueryRowContext(ctx, `SELECT g.seq, g.place, a.seq IS NOT NULL FROM
		(SELECT audit_seq AS seq, audit_hash AS hash, 'receipt ' || number AS place FROM receipts WHERE audit_seq > 0
		UNION ALL SELECT audit_seq, audit_hash, 'receipt ' || number FROM bid_receipts
		UNION ALL SELECT seq, hash, 'a signed head' FROM audit_signed) g
		LEFT JOIN audit a ON a.seq = g.seq WHERE a.seq IS NULL OR a.hash <> g.hash ORDER BY g.seq LIMIT 1`).Scan(&seq, &where, &there)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	case there:
		return &audit.Fault{Seq: seq, Damage: audit.Changed, Detail: "its hash is not the one in " + where}
	}
	return &audit.Fault{Seq: seq, Damage: audit.Deleted, Detail: "it is in " + where}
}

// checkHistories recomputes the contracts' histories and holds their ends against the trail.
func checkHistories(ctx context.Context, q sqldb.Querier, ends map[string]string) error {
	rows, err := q.QueryContext(ctx, `SELECT contract_id, data FROM history ORDER BY contract_id, seq`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Err below has told of every failure
	id := ""
	var history []platformapi.HistoryRow
	end := func() error {
		if id == "" {
			return nil
		}
		if err := platformapi.CheckHistory(id, history); err != nil {
			return err
		}
		if want, known := ends[id]; known && want != history[len(history)-1].Hash {
			return fmt.Errorf("history of %s: its last row is not the one in the audit trail", id)
		}
		delete(ends, id)
		return nil
	}
	for rows.Next() {
		var contractID, data string
		if err := rows.Scan(&contractID, &data); err != nil {
			return err
		}
		if contractID != id {
			if err := end(); err != nil {
				return err
			}
			id, history = contractID, history[:0]
		}
		var r platformapi.HistoryRow
		if err := json.Unmarshal([]byte(data), &r); err != nil {
			return fmt.Errorf("history of %s: %w", contractID, err)
		}
		history = append(history, r)
	}
	if err := errors.Join(rows.Err(), end()); err != nil {
		return err
	}
	for id := range ends {
		return fmt.Errorf("history of %s is gone", id)
	}
	return nil
}

// Expire forgets what is of no use any more: challenges, sessions and waiting logins that are over, and answers to keys that nobody
// repeats now.
func (s *Store) Expire(ctx context.Context, now time.Time) error {
	for _, x := range []struct {
		statement string
		before    time.Time
	}{
		{`DELETE FROM challenges WHERE expires_at < $1`, now},
		{`DELETE FROM sessions WHERE expires_at < $1`, now},
		{`DELETE FROM devices WHERE expires_at < $1`, now},
		{`DELETE FROM answers WHERE at < $1`, now.Add(-keepAnswers)},
	} {
		if _, err := s.db.Write.ExecContext(ctx, x.statement, sqldb.Micros(x.before)); err != nil {
			return err
		}
	}
	return nil
}

// Secret is the value of this name that all servers share; propose becomes it where there is none.
func (s *Store) Secret(ctx context.Context, name string, propose []byte) ([]byte, error) {
	if _, err := s.db.Write.ExecContext(ctx, `INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, propose); err != nil {
		return nil, err
	}
	var value []byte
	err := s.db.Write.QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = $1`, name).Scan(&value)
	return value, err
}

// Claim says whether a job that is done every so often is due, and if so takes it: nobody else gets it for that long.
func (s *Store) Claim(ctx context.Context, job string, every time.Duration, now time.Time) (bool, error) {
	return sqldb.Affects(s.db.Write.ExecContext(ctx, `INSERT INTO jobs (name, at) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE jobs.at <= $3`, job, sqldb.Micros(now), sqldb.Micros(now.Add(-every))))
}

// AnnounceBlob says that a file of this digest is about to be kept and named by a contract.
func (s *Store) AnnounceBlob(ctx context.Context, sha256 string, now time.Time) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO blobs (sha256, at) VALUES ($1, $2) ON CONFLICT (sha256) DO UPDATE SET at = excluded.at`, sha256, sqldb.Micros(now))
		return err
	})
}

// SweepBlobs removes the files announced before then that nothing names. While one is removed its row is locked, and
// AnnounceBlob waits: a file that comes again is kept after it is gone.
func (s *Store) SweepBlobs(ctx context.Context, then time.Time, remove func(ctx context.Context, sha256 string) error) (int, error) {
	const orphans = `SELECT sha256 FROM blobs b WHERE at < $1 AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.sha256 = b.sha256)
		AND NOT EXISTS (SELECT 1 FROM bids x WHERE x.sha256 = b.sha256) AND NOT EXISTS (SELECT 1 FROM credit_files c WHERE c.sha256 = b.sha256)
		AND NOT EXISTS (SELECT 1 FROM upload_pieces p WHERE p.sha256 = b.sha256)`
	rows, err := s.db.Read.QueryContext(ctx, orphans+` ORDER BY sha256`, sqldb.Micros(then))
	if err != nil {
		return 0, err
	}
	digests, err := sqldb.Collect(rows, func(scan func(...any) error) (d string, err error) { return d, scan(&d) })
	if err != nil {
		return 0, err
	}
	n := 0
	for _, d := range digests {
		if err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			still, err := sqldb.Affects(tx.ExecContext(ctx, `DELETE FROM blobs WHERE sha256 = $2 AND sha256 IN (`+orphans+`)`, sqldb.Micros(then), d))
			if err != nil || !still {
				return err
			}
			n++
			return remove(ctx, d)
		}); err != nil {
			return n, err
		}
	}
	return n, nil
}

// Blobs are the digests of the files that contracts, bids with a receipt and credit libraries name, after one of them, in order.
func (s *Store) Blobs(ctx context.Context, after string, limit int) ([]string, error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT sha256 FROM attachments WHERE sha256 > $1
		UNION SELECT sha256 FROM bid_receipts WHERE sha256 > $1 AND kind = 'bid' UNION SELECT sha256 FROM credit_files WHERE sha256 > $1
		ORDER BY sha256 LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, func(scan func(...any) error) (d string, err error) { return d, scan(&d) })
}
