package desk

import (
	"context"
	"errors"

	"sealdesk/token"
)

// A KeyRead is what was found on a key.
type KeyRead struct {
	Seals  []SealDraft
	Looked int     // data objects that were looked into
	Locked int     // those that want the PIN first
	Errs   []error // of seals that do not hold, and of data that could not be read
}

// KeyPIN opens a key. The PIN is wiped; on a key with a pad of its own it is empty and entered there.
type KeyPIN struct {
	PIN     []byte
	LastTry bool // the person confirmed to spend the last try
}

// ReadKey looks for electronic seals among the data on the key: without a PIN, which is nil then, at what lies open, and with it
// at all. A key that holds no data, or is of a kind that has none, is the error "desk.key_without_data".
func (c *SealCase) ReadKey(ctx context.Context, pin *KeyPIN) (KeyRead, error) {
	var t token.Token
	if pin != nil {
		k, err := c.desk.unlock(ctx, c.key, pin.PIN, pin.LastTry)
		if err != nil {
			return KeyRead{}, err
		}
		t = k.token
	} else {
		found, _, err := c.desk.open(ctx, c.key)
		if err != nil {
			return KeyRead{}, err
		}
		t = found
	}
	defer t.Close()
	return c.readToken(ctx, t)
}

func (c *SealCase) readToken(ctx context.Context, t token.Token) (KeyRead, error) {
	reader, ok := t.(token.DataReader)
	if !ok {
		return KeyRead{}, fault("key_without_data", nil)
	}
	list, err := reader.Data(ctx)
	switch {
	case errors.Is(err, token.ErrNotSupported):
		return KeyRead{}, fault("key_without_data", err)
	case err != nil:
		return KeyRead{}, err
	}
	var read KeyRead
	for _, o := range list {
		data, err := reader.ReadData(ctx, o.Name)
		switch {
		case errors.Is(err, token.ErrRemoved), errors.Is(err, token.ErrCancelled), errors.Is(err, token.ErrTimeout):
			return read, err
		case o.Locked && err != nil, errors.Is(err, token.ErrNotUnlocked):
			read.Locked++
			continue
		case err != nil: // the others may be read still
			read.Errs = append(read.Errs, err)
			continue
		}
		read.Looked++
		der := electronicIn(data)
		if der == nil {
			continue // something else: a key holds much
		}
		choice, err := c.electronic(der, now)
		if err != nil {
			read.Errs = append(read.Errs, err)
			continue
		}
		choice.Source = SealFromKey
		read.Seals = append(read.Seals, SealDraft{SealChoice: choice, SizeKnown: true})
	}
	return read, nil
}
