package trail

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"sealdesk/platformapi/web/audit"
	"sealdesk/platformapi/web/sqldb"
)

// Record appends to the trail. The head's row is locked until the transaction ends, so that the chain cannot fork, whichever
// server appends.
func Record(ctx context.Context, tx *sql.Tx, e audit.Entry) (audit.Row, error) {
	var head audit.Head
	if err := tx.QueryRowContext(ctx, `UPDATE audit_head SET seq = seq + 1 RETURNING seq - 1, hash`).Scan(&head.Seq, &head.Hash); err != nil {
		return audit.Row{}, fmt.Errorf("audit head: %w", err)
	}
	row, err := head.Append(e)
	if err != nil {
		return row, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit (seq, data, hash) VALUES ($1, $2, $3)`, row.Seq, row.Data, row.Hash); err != nil {
		return row, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE audit_head SET hash = $1`, row.Hash)
	return row, err
}

// Head is the newest row.
func Head(ctx context.Context, q sqldb.Querier) (audit.Head, error) {
	var h audit.Head
	err := q.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head`).Scan(&h.Seq, &h.Hash)
	return h, err
}

// Rows streams the rows, the oldest first.
func Rows(ctx context.Context, q sqldb.Querier) iter.Seq2[audit.Row, error] {
	return func(yield func(audit.Row, error) bool) {
		const page = 2000
		for after := int64(0); ; {
			rows, err := q.QueryContext(ctx, `SELECT seq, data, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, after, page)
			var some []audit.Row
			if err == nil {
				some, err = sqldb.Collect(rows, func(scan func(...any) error) (r audit.Row, err error) { return r, scan(&r.Seq, &r.Data, &r.Hash) })
			}
			if err != nil {
				yield(audit.Row{}, err)
				return
			}
			for _, r := range some {
				if !yield(r, nil) {
					return
				}
				after = r.Seq
			}
			if len(some) < page {
				return
			}
		}
	}
}
