package sqlite

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
)

// Change is one change in one transaction; see store.Store.
func (s *Store) Change(ctx context.Context, r store.Request, decide func(*store.Contract) (*store.Contract, store.Effect, error), render func(platformapi.Receipt, *store.Contract) ([]byte, error)) (store.Answer, error) {
	var a store.Answer
	err := s.tx(ctx, func(tx *sql.Tx) error {
		var err error
		a, err = answer(ctx, tx, r.USCC, r.Key)
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		var old *store.Contract
		before, err := contract(ctx, tx, r.ContractID)
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
		if err := save(ctx, tx, c, old == nil, rows); err != nil {
			return err
		}
		receipt, err := giveReceipt(ctx, tx, r, c.Version, effect)
		if err != nil {
			return err
		}
		body, err := render(receipt, c)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM answers WHERE at < ?`, micros(r.Now.Add(-keepAnswers))); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO answers (uscc, key, hash, body, at) VALUES (?, ?, ?, ?, ?)`,
			r.USCC, r.Key, r.Hash, body, micros(r.Now)); err != nil {
			return err
		}
		a = store.Answer{Hash: r.Hash, Body: body}
		return nil
	})
	return a, err
}

// Mark changes a contract without version, receipt or key.
func (s *Store) Mark(ctx context.Context, id string, decide func(*store.Contract) (bool, error)) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		c, err := contract(ctx, tx, id)
		if err != nil {
			return err
		}
		rows := len(c.History)
		changed, err := decide(&c)
		if err != nil || !changed {
			return err
		}
		return save(ctx, tx, &c, false, rows)
	})
}

func giveReceipt(ctx context.Context, tx *sql.Tx, r store.Request, version int64, e store.Effect) (platformapi.Receipt, error) {
	receipt := platformapi.Receipt{Kind: e.Kind, ContractID: r.ContractID, Version: version, SHA256: e.SHA256, At: r.Now}
	var seq int64
	err := tx.QueryRowContext(ctx, `INSERT INTO receipts (uscc, contract_id, number, kind, version, sha256, at) VALUES (?, ?, '', ?, ?, ?, ?) RETURNING seq`,
		r.USCC, r.ContractID, string(e.Kind), version, e.SHA256, micros(r.Now)).Scan(&seq)
	if err != nil {
		return receipt, err
	}
	day := r.Now.In(time.FixedZone("CST", 8*60*60)).Format("20060102")
	receipt.Number = fmt.Sprintf("R%s-%06d", day, seq)
	_, err = tx.ExecContext(ctx, `UPDATE receipts SET number = ? WHERE seq = ?`, receipt.Number, seq)
	return receipt, err
}

// save writes a contract, its attachments, and the history rows after the first known ones.
func save(ctx context.Context, tx *sql.Tx, c *store.Contract, isNew bool, known int) error {
	fields, err1 := json.Marshal(c.Fields)
	sent, err2 := json.Marshal(c.Sent)
	publication, err3 := json.Marshal(c.Publication)
	filed, err4 := json.Marshal(c.Filed)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	changing := []any{c.State, c.Round, c.Version, string(fields), string(sent), words(c.Lot, c.Fields), words(c.Lot, c.Sent),
		micros(c.UpdatedAt), micros(c.ArrivedAt), micros(c.SubmittedAt), micros(c.ViewedAt), micros(c.ConcludedAt), string(publication), string(filed), c.ID}
	var err error
	if isNew {
		starter, other := c.Lot.Purchaser.USCC, c.Lot.Supplier.USCC
		if c.Starter == platformapi.RoleSupplier {
			starter, other = other, starter
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO contracts (state, round, version, fields, sent, words, sent_words, updated_at, arrived_at,
			submitted_at, viewed_at, concluded_at, publication, filed, id, lot_id, kind, parent_id, seal_order, starter_uscc, other_uscc, starter, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			append(changing, c.Lot.ID, c.Kind, c.ParentID, c.Order, starter, other, c.Starter, micros(c.CreatedAt))...)
	} else {
		_, err = tx.ExecContext(ctx, `UPDATE contracts SET state = ?, round = ?, version = ?, fields = ?, sent = ?, words = ?, sent_words = ?,
			updated_at = ?, arrived_at = ?, submitted_at = ?, viewed_at = ?, concluded_at = ?, publication = ?, filed = ? WHERE id = ?`, changing...)
	}
	switch name := constraint(err); {
	case strings.Contains(name, "contracts.lot_id"):
		return store.ErrLotTaken
	case strings.Contains(name, "contracts.parent_id"):
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
		res, err := tx.ExecContext(ctx, `INSERT INTO attachments (id, contract_id, seq, sha256, data) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET data = excluded.data WHERE contract_id = excluded.contract_id AND seq = excluded.seq`,
			a.ID, c.ID, i, a.SHA256, string(data))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return store.ErrIDTaken
		}
	}
	for _, r := range c.History[known:] {
		data, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO history (contract_id, seq, data) VALUES (?, ?, ?)`, c.ID, r.Seq, string(data)); err != nil {
			return err
		}
	}
	return nil
}

// words is what a search looks through.
func words(l store.Lot, f platformapi.ContractFields) string {
	return strings.ToLower(strings.Join([]string{l.ProjectNumber, l.ProjectName, l.Number, l.Name, l.Purchaser.Name, l.Supplier.Name, f.Number, f.Name}, "\n"))
}
