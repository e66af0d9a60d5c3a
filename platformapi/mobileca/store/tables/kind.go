package tables

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/web/sqldb"
)

// kind is how one sort of thing is kept.
type kind[T any] struct {
	table   string
	only    string          // of a table that has several kinds, which this is; else ""
	columns []string        // beside id and data
	row     func(*T) []any  // the id, then what is in columns
	version func(*T) *int64 // nil: it has none; else it grows with every change
}

// where is a condition on this kind.
func (k kind[T]) where(condition string) string {
	if k.only == "" {
		return condition
	}
	return `kind = '` + k.only + `' AND ` + condition
}

func (k kind[T]) one(ctx context.Context, q sqldb.Querier, lock, where string, args ...any) (T, error) {
	var v T
	var data string
	err := q.QueryRowContext(ctx, `SELECT data FROM `+k.table+` WHERE `+k.where(where)+lock, args...).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return v, store.ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal([]byte(data), &v)
	}
	return v, err
}

func (k kind[T]) list(ctx context.Context, q sqldb.Querier, rest string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, `SELECT data FROM `+k.table+` WHERE `+k.where(rest), args...)
	if err != nil {
		return nil, err
	}
	return sqldb.Collect(rows, func(scan func(...any) error) (v T, err error) {
		var data string
		if err := scan(&data); err != nil {
			return v, err
		}
		return v, json.Unmarshal([]byte(data), &v)
	})
}

// insert keeps a new one.
func (k kind[T]) insert(ctx context.Context, db *sqldb.DB, tx *sql.Tx, v *T) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	args := append(k.row(v), string(data))
	marks := make([]string, len(args))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	names := strings.Join(append(append([]string{"id"}, k.columns...), "data"), ", ")
	_, err = tx.ExecContext(ctx, `INSERT INTO `+k.table+` (`+names+`) VALUES (`+strings.Join(marks, ", ")+`)`, args...)
	if db.Taken(err) != "" {
		return store.ErrTaken
	}
	return err
}

// update keeps one as it is now; before is how it was.
func (k kind[T]) update(ctx context.Context, db *sqldb.DB, tx *sql.Tx, before []byte, v *T) (changed bool, err error) {
	data, err := json.Marshal(v)
	if err != nil || bytes.Equal(data, before) {
		return false, err
	}
	if k.version != nil {
		*k.version(v)++
		if data, err = json.Marshal(v); err != nil {
			return false, err
		}
	}
	args := append(k.row(v), string(data))
	set := make([]string, 0, len(args))
	for i, c := range append(append([]string{}, k.columns...), "data") {
		set = append(set, fmt.Sprintf("%s = $%d", c, i+2))
	}
	_, err = tx.ExecContext(ctx, `UPDATE `+k.table+` SET `+strings.Join(set, ", ")+` WHERE `+k.where(`id = $1`), args...)
	if db.Taken(err) != "" {
		return false, store.ErrTaken
	}
	return err == nil, err
}

// edited is a thing that was read to be changed.
type edited[T any] struct {
	kind   kind[T]
	before []byte
	v      *T
}

// edit reads one for a change, locked.
func (k kind[T]) edit(ctx context.Context, db *sqldb.DB, tx *sql.Tx, where string, args ...any) (edited[T], error) {
	v, err := k.one(ctx, tx, db.Lock(k.table), where, args...)
	if err != nil {
		return edited[T]{}, err
	}
	return k.hold(v)
}

func (k kind[T]) hold(v T) (edited[T], error) {
	before, err := json.Marshal(v)
	return edited[T]{k, before, &v}, err
}

func (e edited[T]) save(ctx context.Context, db *sqldb.DB, tx *sql.Tx) (bool, error) {
	return e.kind.update(ctx, db, tx, e.before, e.v)
}
