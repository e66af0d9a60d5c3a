// Package till has rules and steps, some of which its test knows nothing of.
package till

import "errors"

var (
	ErrNegative = errors.New("negative")
	ErrLarge    = errors.New("large")
	ErrOdd      = errors.New("odd")
)

// A Till keeps what is paid in.
type Till struct {
	sum    int
	opened int
	log    []int
}

// Pay pays in.
func (t *Till) Pay(n int) error {
	if n < 0 {
		return ErrNegative
	}
	if n > 1000 {
		return ErrLarge
	}
	switch {
	case n%2 == 1:
		return ErrOdd
	case n == 0:
		return nil
	}
	if err := t.open(); err != nil {
		return err
	}
	t.write(n)
	t.sum += n
	return nil
}

func (t *Till) open() error {
	t.opened++
	return nil
}

// Empty empties it; its test never does.
func (t *Till) Empty() (int, error) {
	if t.sum < 0 {
		return 0, ErrNegative
	}
	if err := t.lock(); err != nil { // its error is of a type of its own
		return 0, errors.New(err.Reason)
	}
	return t.sum, nil
}

// Locked tells why.
type Locked struct{ Reason string }

func (t *Till) lock() *Locked { return nil }

func (t *Till) write(n int) { t.log = append(t.log, n) }
