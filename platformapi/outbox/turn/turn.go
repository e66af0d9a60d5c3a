package turn

import (
	"context"
	"errors"
	"os"
	"time"
)

// ErrTaken: another process, or another part of this one, has it.
var ErrTaken = errors.New("turn: another one has it")

// pause is how long Wait rests between two looks.
const pause = 25 * time.Millisecond

// A Turn is held until End.
type Turn struct{ f *os.File }

// Try takes the turn of a file, which is made (mode 0600) and stays. ErrTaken when another one has it.
func Try(path string) (*Turn, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f)
	if err == nil && !ok {
		err = ErrTaken
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Turn{f}, nil
}

// Wait takes the turn when it is free.
func Wait(ctx context.Context, path string) (*Turn, error) {
	for {
		t, err := Try(path)
		if !errors.Is(err, ErrTaken) {
			return t, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// End lets the next one have it.
func (t *Turn) End() error { return t.f.Close() }
