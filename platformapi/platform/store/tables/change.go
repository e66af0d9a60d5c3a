package tables

import (
	"context"
	"database/sql"
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

// Change is one change in one transaction; see store.Store.
func (s *Store) Change(ctx context.Context, r store.Request, decide func(*store.Contract) (*store.Contract, store.Effect, error), render func(platformapi.Receipt, *store.Contract) ([]byte, error)) (store.Answer, error) {
	var a store.Answer
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		first, err := take(ctx, tx, store.Answer{Hash: r.Hash, Body: []byte{}}, r.USCC, r.Key, r.Now)
		if err != nil {
			return err
		}
		if !first {
			a, err = answer(ctx, tx, r.USCC, r.Key)
			return err
		}
		var old *store.Contract
		before, err := contract(ctx, tx, r.ContractID, s.lock())
		rows := 0
		switch {
		case err == nil:
			old, rows = &before, len(before.History)
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		c, effect, err := decide(old)
		if err != nil {
			return err
		}
		if err := s.save(ctx, tx, c, old == nil, rows); err != nil {
			return err
		}
		receipt, err := giveReceipt(ctx, tx, r, c, rows, effect)
		if err != nil {
			return err
		}
		body, err := render(receipt, c)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE answers SET body = $1 WHERE uscc = $2 AND key = $3`, body, r.USCC, r.Key); err != nil {
			return err
		}
		a = store.Answer{Hash: r.Hash, Body: body}
		return nil
	})
	return a, err
}

// take enters a change's answer, and says whether it is the first with its key. Whoever comes second waits here until the
// first is done, and finds its answer.
func take(ctx context.Context, tx *sql.Tx, a store.Answer, uscc, key string, now time.Time) (first bool, err error) {
	return sqldb.Affects(tx.ExecContext(ctx, `INSERT INTO answers (uscc, key, hash, body, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		uscc, key, a.Hash, a.Body, sqldb.Micros(now)))
}

// Mark changes a contract without version, receipt or key.
func (s *Store) Mark(ctx context.Context, id string, decide func(*store.Contract) (bool, error)) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		c, err := contract(ctx, tx, id, s.lock())
		if err != nil {
			return err
		}
		rows := len(c.History)
		changed, err := decide(&c)
		if err != nil || !changed {
			return err
		}
		if err := s.save(ctx, tx, &c, false, rows); err != nil {
			return err
		}
		for _, row := range c.History[rows:] {
			e := audit.Entry{At: row.HandledAt, Act: audit.Act(row.Step), USCC: row.Organisation.USCC, Person: row.Person, ContractID: c.ID,
				HistorySeq: row.Seq, HistoryHash: row.Hash}
			if _, err := record(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// giveReceipt makes the receipt of a change and the row of the audit trail that it names. It is the last thing but the
// answer, as changes of other contracts wait for the trail.
func giveReceipt(ctx context.Context, tx *sql.Tx, r store.Request, c *store.Contract, known int, e store.Effect) (platformapi.Receipt, error) {
	receipt := platformapi.Receipt{Kind: e.Kind, ContractID: r.ContractID, Version: c.Version, SHA256: e.SHA256, At: r.Now}
	var seq int64
	err := tx.QueryRowContext(ctx, `INSERT INTO receipts (uscc, contract_id, number, kind, version, sha256, at, audit_seq, audit_hash)
		VALUES ($1, $2, '', $3, $4, $5, $6, 0, '') RETURNING seq`, r.USCC, r.ContractID, string(e.Kind), c.Version, e.SHA256, sqldb.Micros(r.Now)).Scan(&seq)
	if err != nil {
		return receipt, err
	}
	day := r.Now.In(time.FixedZone("CST", 8*60*60)).Format("20060102")
	receipt.Number = fmt.Sprintf("R%s-%06d", day, seq)
	entry := audit.Entry{
		At: r.Now, Act: audit.Act(e.Kind), USCC: r.USCC, Person: r.Person, ContractID: c.ID, Version: c.Version, Receipt: receipt.Number, SHA256: e.SHA256,
	}
	if n := len(c.History); n > known {
		entry.HistorySeq, entry.HistoryHash = n, c.History[n-1].Hash
	}
	row, err := record(ctx, tx, entry)
	if err != nil {
		return receipt, err
	}
	receipt.AuditSeq, receipt.AuditHash = row.Seq, row.Hash
	_, err = tx.ExecContext(ctx, `UPDATE receipts SET number = $1, audit_seq = $2, audit_hash = $3 WHERE seq = $4`, receipt.Number, row.Seq, row.Hash, seq)
	return receipt, err
}

// save writes a contract, its attachments, and the history rows after the first known ones.
func (s *Store) save(ctx context.Context, tx *sql.Tx, c *store.Contract, isNew bool, known int) error {
	fields, err1 := json.Marshal(c.Fields)
	sent, err2 := json.Marshal(c.Sent)
	publication, err3 := json.Marshal(c.Publication)
	filed, err4 := json.Marshal(c.Filed)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	changing := []any{c.State, c.HalfSealed, c.Round, c.Version, string(fields), string(sent), words(c.Lot, c.Fields), words(c.Lot, c.Sent),
		sqldb.Micros(c.UpdatedAt), sqldb.Micros(c.ArrivedAt), sqldb.Micros(c.SubmittedAt), sqldb.Micros(c.ViewedAt), sqldb.Micros(c.ConcludedAt), string(publication), string(filed), c.ID}
	var err error
	if isNew {
		starter, other := c.Lot.Purchaser.USCC, c.Lot.Supplier.USCC
		if c.Starter == platformapi.RoleSupplier {
			starter, other = other, starter
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO contracts (state, half_sealed, round, version, fields, sent, words, sent_words, updated_at, arrived_at,
			submitted_at, viewed_at, concluded_at, publication, filed, id, lot_id, kind, parent_id, seal_order, starter_uscc, other_uscc, starter, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`,
			append(changing, c.Lot.ID, c.Kind, c.ParentID, c.Order, starter, other, c.Starter, sqldb.Micros(c.CreatedAt))...)
	} else {
		_, err = tx.ExecContext(ctx, `UPDATE contracts SET state = $1, half_sealed = $2, round = $3, version = $4, fields = $5, sent = $6, words = $7, sent_words = $8,
			updated_at = $9, arrived_at = $10, submitted_at = $11, viewed_at = $12, concluded_at = $13, publication = $14, filed = $15 WHERE id = $16`, changing...)
	}
	switch name := s.db.Taken(err); {
	case strings.Contains(name, "lot_id"):
		return store.ErrLotTaken
	case strings.Contains(name, "parent_id"):
		return store.ErrAmending
	case name != "":
		return store.ErrIDTaken
	case err != nil:
		return err
	}
	for i, a := range c.Attachments {
		data, err := json.Marshal(a)
		if err != nil {
			return err
		}
		ours, err := sqldb.Affects(tx.ExecContext(ctx, `INSERT INTO attachments (id, contract_id, seq, sha256, data) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET data = excluded.data WHERE attachments.contract_id = excluded.contract_id AND attachments.seq = excluded.seq`,
			a.ID, c.ID, i, a.SHA256, string(data)))
		if err != nil {
			return err
		}
		if !ours {
			return store.ErrIDTaken
		}
	}
	for _, r := range c.History[known:] {
		data, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO history (contract_id, seq, data) VALUES ($1, $2, $3)`, c.ID, r.Seq, string(data)); err != nil {
			return err
		}
	}
	return nil
}

// words is what a search looks through.
func words(l store.Lot, f platformapi.ContractFields) string {
	return strings.ToLower(strings.Join([]string{l.ProjectNumber, l.ProjectName, l.Number, l.Name, l.Purchaser.Name, l.Supplier.Name, f.Number, f.Name}, "\n"))
}
