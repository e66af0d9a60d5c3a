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

const tenderColumns = `t.data, t.outline, t.record`

func scanTender(scan func(...any) error) (t store.Tender, err error) {
	var data string
	if err = scan(&data, &t.Outline, &t.Record); err != nil {
		return t, notFound(err)
	}
	return t, json.Unmarshal([]byte(data), &t)
}

func scanBid(scan func(...any) error) (b store.Bid, err error) {
	return b, notFound(scanJSON(scan, &b))
}

// Tender is the tender of this id.
func (s *Store) Tender(ctx context.Context, id string) (store.Tender, error) {
	return scanTender(s.db.Read.QueryRowContext(ctx, `SELECT `+tenderColumns+` FROM tenders t WHERE t.id = $1`, id).Scan)
}

// Tenders is a page.
func (s *Store) Tenders(ctx context.Context, q store.TenderQuery) ([]store.Tender, error) {
	where, args := `1 = 1`, []any{q.Limit}
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		where += ` AND ` + condition
	}
	switch q.State {
	case "":
	case platformapi.TenderOpen:
		add(`t.state = 'open' AND t.deadline > ?`, sqldb.Micros(q.Now))
	case platformapi.TenderClosed:
		add(`t.state = 'open' AND t.deadline <= ?`, sqldb.Micros(q.Now))
	default:
		add(`t.state = ?`, q.State)
	}
	for word := range strings.FieldsSeq(strings.ToLower(q.Words)) {
		add(`t.words LIKE ? ESCAPE '\'`, "%"+literal.Replace(word)+"%")
	}
	if !q.Before.IsZero() {
		at := sqldb.Micros(q.Before)
		add(`(t.created_at < ? OR t.created_at = ? AND t.id < ?)`, at, at, q.BeforeID)
	}
	rows, err := s.db.Read.QueryContext(ctx, `SELECT `+tenderColumns+` FROM tenders t WHERE `+where+` ORDER BY t.created_at DESC, t.id DESC LIMIT $1`, args...)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, scanTender)
}

// Bid is the bid of this id.
func (s *Store) Bid(ctx context.Context, id string) (store.Bid, error) {
	return scanBid(s.db.Read.QueryRowContext(ctx, `SELECT data FROM bids WHERE id = $1`, id).Scan)
}

// TenderBids are the bids of a tender.
func (s *Store) TenderBids(ctx context.Context, tenderID, uscc string) ([]store.Bid, error) {
	return tenderBids(ctx, s.db.Read, tenderID, uscc)
}

func tenderBids(ctx context.Context, q sqldb.Querier, tenderID, uscc string) ([]store.Bid, error) {
	rows, err := q.QueryContext(ctx, `SELECT data FROM bids WHERE tender_id = $1 AND ($2 = '' OR uscc = $2) ORDER BY created_at, id`, tenderID, uscc)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, scanBid)
}

// Bids is a page of an organisation's bids.
func (s *Store) Bids(ctx context.Context, q store.BidQuery) ([]store.Bid, error) {
	at := sqldb.Micros(q.Before)
	rows, err := s.db.Read.QueryContext(ctx, `SELECT data FROM bids WHERE uscc = $1 AND ($2 = '' OR tender_id = $2)
		AND (CAST($3 AS BIGINT) = 0 OR created_at < $3 OR created_at = $3 AND id < $4) ORDER BY created_at DESC, id DESC LIMIT $5`, q.USCC, q.TenderID, at, q.BeforeID, q.Limit)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, scanBid)
}

const bidReceiptColumns = `number, kind, tender_id, bid_id, sha256, size, at, replaces, audit_seq, audit_hash, stamp`

func scanBidReceipt(scan func(...any) error) (r platformapi.BidReceipt, err error) {
	var at int64
	err = scan(&r.Number, &r.Kind, &r.TenderID, &r.BidID, &r.SHA256, &r.Size, &at, &r.Replaces, &r.AuditSeq, &r.AuditHash, &r.Timestamp)
	r.At = sqldb.Moment(at)
	return r, notFound(err)
}

// BidReceipts are those given for a bid.
func (s *Store) BidReceipts(ctx context.Context, bidID string) ([]platformapi.BidReceipt, error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT `+bidReceiptColumns+` FROM bid_receipts WHERE bid_id = $1 ORDER BY seq`, bidID)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, scanBidReceipt)
}

// KeepStamp keeps a receipt's time stamp.
func (s *Store) KeepStamp(ctx context.Context, number string, token []byte) error {
	_, err := s.db.Write.ExecContext(ctx, `UPDATE bid_receipts SET stamp = $1 WHERE number = $2 AND length(stamp) = 0`, token, number)
	return err
}

// ChangeTender is one change in one transaction; see store.Tenders.
func (s *Store) ChangeTender(ctx context.Context, r store.TenderRequest, decide func(*store.TenderFile) ([]store.TenderEffect, error)) (store.TenderAnswer, error) {
	var a store.TenderAnswer
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		a = store.TenderAnswer{Hash: r.Hash}
		first, err := take(ctx, tx, store.Answer{Hash: r.Hash, Body: []byte{}}, r.USCC, r.Key, r.Now)
		if err != nil {
			return err
		}
		if !first {
			old, err := answer(ctx, tx, r.USCC, r.Key)
			if err != nil {
				return err
			}
			a = store.TenderAnswer{Hash: old.Hash, Replayed: true}
			if len(old.Body) > 0 {
				a.Receipt, err = bidReceipt(ctx, tx, string(old.Body))
			}
			return err
		}
		file, was, err := s.tenderFile(ctx, tx, r)
		if err != nil {
			return err
		}
		effects, err := decide(file)
		if err != nil {
			return err
		}
		for _, e := range effects {
			receipt, err := recordTender(ctx, tx, r, file.Tender, e)
			if err != nil {
				return err
			}
			if receipt == nil || e.Bid.Bidder.USCC != r.USCC {
				continue
			}
			a.Receipt = receipt
			if _, err := tx.ExecContext(ctx, `UPDATE answers SET body = $1 WHERE uscc = $2 AND key = $3`, []byte(receipt.Number), r.USCC, r.Key); err != nil {
				return err
			}
		}
		return s.saveTenderFile(ctx, tx, file, was) // after the effects, which give the bids their receipts' numbers
	})
	return a, err
}

func bidReceipt(ctx context.Context, q sqldb.Querier, number string) (*platformapi.BidReceipt, error) {
	r, err := scanBidReceipt(q.QueryRowContext(ctx, `SELECT `+bidReceiptColumns+` FROM bid_receipts WHERE number = $1`, number).Scan)
	return &r, err
}

// versions are those that the rows of a file have; a row that is not there has none.
type versions map[string]int64

func (s *Store) tenderFile(ctx context.Context, tx *sql.Tx, r store.TenderRequest) (*store.TenderFile, versions, error) {
	file := &store.TenderFile{}
	t, err := scanTender(tx.QueryRowContext(ctx, `SELECT `+tenderColumns+` FROM tenders t WHERE t.id = $1`+s.db.Lock("t"), r.TenderID).Scan)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return file, versions{}, nil
	case err != nil:
		return nil, nil, err
	}
	file.Tender = &t
	was := versions{t.ID: t.Version}
	bids, err := tenderBids(ctx, tx, r.TenderID, r.Bidder)
	for i := range bids {
		file.Bids = append(file.Bids, &bids[i])
		was[bids[i].ID] = bids[i].Version
	}
	return file, was, err
}

func (s *Store) saveTenderFile(ctx context.Context, tx *sql.Tx, f *store.TenderFile, was versions) error {
	t := f.Tender
	if v, known := was[t.ID]; !known || v != t.Version || f.Noted {
		data, err := json.Marshal(t)
		if err != nil {
			return err
		}
		words := strings.ToLower(strings.Join([]string{t.Number, t.Name, t.LotNumber, t.LotName, t.Purchaser.Name, t.Agency.Name}, "\n"))
		record := t.Record
		if record == nil {
			record = []byte{}
		}
		changing := []any{t.State, t.Version, sqldb.Micros(t.Deadline), words, string(data), record, t.ID}
		if known {
			_, err = tx.ExecContext(ctx, `UPDATE tenders SET state = $1, version = $2, deadline = $3, words = $4, data = $5, record = $6 WHERE id = $7`, changing...)
		} else {
			_, err = tx.ExecContext(ctx, `INSERT INTO tenders (state, version, deadline, words, data, record, id, purchaser_uscc, agency_uscc, created_at, outline)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, append(changing, t.Purchaser.USCC, t.Agency.USCC, sqldb.Micros(t.CreatedAt), t.Outline)...)
		}
		if s.db.Taken(err) != "" {
			return store.ErrIDTaken
		}
		if err != nil {
			return err
		}
	}
	for _, b := range f.Bids {
		v, known := was[b.ID]
		if known && v == b.Version {
			continue
		}
		data, err := json.Marshal(b)
		if err != nil {
			return err
		}
		ours, err := sqldb.Affects(tx.ExecContext(ctx, `INSERT INTO bids (id, tender_id, uscc, state, version, sha256, created_at, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = excluded.version, data = excluded.data
			WHERE bids.tender_id = excluded.tender_id AND bids.uscc = excluded.uscc AND bids.sha256 = excluded.sha256 AND bids.created_at = excluded.created_at`,
			b.ID, t.ID, b.Bidder.USCC, b.State, b.Version, b.SHA256, sqldb.Micros(b.BegunAt), string(data)))
		if err != nil {
			return err
		}
		if !ours {
			return store.ErrIDTaken
		}
	}
	return nil
}

// recordTender makes the row of the audit trail of an effect, its event, and its receipt.
func recordTender(ctx context.Context, tx *sql.Tx, r store.TenderRequest, t *store.Tender, e store.TenderEffect) (*platformapi.BidReceipt, error) {
	entry := audit.Entry{At: r.Now, Act: e.Act, USCC: r.USCC, Person: r.Person, TenderID: t.ID, Version: t.Version, SHA256: e.SHA256, Note: e.Note}
	bidID := ""
	if e.Bid != nil {
		bidID, entry.BidID, entry.Version = e.Bid.ID, e.Bid.ID, e.Bid.Version
	}
	var receipt *platformapi.BidReceipt
	var seq int64
	if e.Receipt != "" {
		receipt = &platformapi.BidReceipt{Kind: e.Receipt, TenderID: t.ID, BidID: bidID, SHA256: e.Bid.SHA256, Size: e.Bid.Size, At: e.ReceiptAt}
		if e.Receipt == platformapi.ReceiptBid {
			receipt.Replaces = e.Bid.Replaces
		}
		err := tx.QueryRowContext(ctx, `INSERT INTO bid_receipts (uscc, tender_id, bid_id, number, kind, sha256, size, at, replaces, audit_seq, audit_hash, stamp)
			VALUES ($1, $2, $3, '', $4, $5, $6, $7, $8, 0, '', $9) RETURNING seq`, e.Bid.Bidder.USCC, t.ID, bidID, receipt.Kind, receipt.SHA256, receipt.Size,
			sqldb.Micros(receipt.At), receipt.Replaces, []byte{}).Scan(&seq)
		if err != nil {
			return nil, err
		}
		day := receipt.At.In(time.FixedZone("CST", 8*60*60)).Format("20060102")
		receipt.Number = fmt.Sprintf("B%s-%06d", day, seq)
		e.Bid.Receipt, entry.Receipt = receipt.Number, receipt.Number
	}
	row, err := record(ctx, tx, entry)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO tender_events (seq, tender_id, bid_id, uscc, act, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		row.Seq, t.ID, bidID, e.Only, e.Act, sqldb.Micros(r.Now)); err != nil || receipt == nil {
		return nil, err
	}
	receipt.AuditSeq, receipt.AuditHash = row.Seq, row.Hash
	_, err = tx.ExecContext(ctx, `UPDATE bid_receipts SET number = $1, audit_seq = $2, audit_hash = $3 WHERE seq = $4`, receipt.Number, row.Seq, row.Hash, seq)
	return receipt, err
}

// TenderSeq is the number of the newest event of a tender.
func (s *Store) TenderSeq(ctx context.Context, tenderID string) (seq int64, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) FROM tender_events WHERE tender_id = $1`, tenderID).Scan(&seq)
	return seq, err
}

// TenderEvents are what happened to a tender and its bids.
func (s *Store) TenderEvents(ctx context.Context, q store.TenderEventQuery) ([]platformapi.TenderEvent, error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT seq, tender_id, bid_id, act, at FROM tender_events
		WHERE tender_id = $1 AND (uscc = '' OR uscc = $2) AND seq > $3 AND seq <= $4 ORDER BY seq LIMIT $5`, q.TenderID, q.USCC, q.After, q.Until, q.Limit)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, func(scan func(...any) error) (e platformapi.TenderEvent, err error) {
		var at int64
		err = scan(&e.Seq, &e.TenderID, &e.BidID, &e.Act, &at)
		e.At = sqldb.Moment(at)
		return e, err
	})
}
