package token

import (
	"context"
	"errors"
	"fmt"
)

// MaxData is the longest data object that is read from a token, in bytes. Electronic seals have some ten thousand.
const MaxData = 512 << 10

// maxObjects is how many data objects a token may tell of.
const maxObjects = 256

// DataObject is something that lies on a token beside keys and certificates: a file of GM/T 0016, a CKO_DATA object of PKCS #11.
type DataObject struct {
	Name   string // unique on the token; as the token has it
	Size   int    // bytes; -1 when the token does not tell
	Locked bool   // it can be read only while the token is unlocked, which it is not
}

// DataReader is the optional ability of a Token to give the data that lie on it, as makers of keys put the electronic seal of
// the key's owner there. A token by another's leave, a guarded one or one in a process of its own, may have the method and yet
// answer ErrNotSupported.
type DataReader interface {
	// Data lists what is there. Some tokens show a part of it only while they are unlocked.
	Data(ctx context.Context) ([]DataObject, error)

	// ReadData reads one object whole. Errors: ErrNoData, ErrDataTooLong, ErrNotUnlocked, ErrRemoved.
	ReadData(ctx context.Context, name string) ([]byte, error)
}

var (
	// ErrNoData: there is no data object of this name.
	ErrNoData = &Error{"token.no_data", "the token has no such data object"}
	// ErrDataTooLong: the data object is longer than MaxData.
	ErrDataTooLong = &Error{"token.data_too_long", "the data object on the token is too long"}
)

func (t *guardedToken) Data(ctx context.Context) ([]DataObject, error) {
	r, ok := t.token.(DataReader)
	if !ok {
		return nil, ErrNotSupported
	}
	found, err := get(t.g, ctx, t.g.limits.Look, r.Data)
	if err == nil && len(found) > maxObjects {
		return nil, fmt.Errorf("the token reports %d data objects: %w", len(found), ErrNotSupported)
	}
	return found, err
}

func (t *guardedToken) ReadData(ctx context.Context, name string) ([]byte, error) {
	r, ok := t.token.(DataReader)
	if !ok {
		return nil, ErrNotSupported
	}
	// A key is slow: this takes as long as the key, and not a person, needs for it.
	data, err := get(t.g, ctx, t.g.limits.Operate, func(ctx context.Context) ([]byte, error) { return r.ReadData(ctx, name) })
	switch {
	case err != nil:
		return nil, err
	case len(data) > MaxData:
		return nil, ErrDataTooLong
	case len(data) == 0:
		return nil, errors.Join(ErrNoData, errors.New("it is empty"))
	}
	return data, nil
}
