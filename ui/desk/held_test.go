package desk

import (
	"context"
	"errors"
	"testing"
	"time"

	"sealdesk/token"
)

// pulled is a token that is pulled out before its data are read.
type pulled struct{ token.Token }

func (pulled) Close() error { return nil }

func (pulled) Data(context.Context) ([]token.DataObject, error) {
	return []token.DataObject{{Name: "SEAL", Locked: true}}, nil
}

func (pulled) ReadData(context.Context, string) ([]byte, error) { return nil, token.ErrRemoved }

// A phone that is linked after a key was kept unlocked does not get the key's time.
func TestALockedKeysTimeIsOver(t *testing.T) {
	h := &held{key: &unlockedKey{token: pulled{}}, timer: time.AfterFunc(time.Hour, func() {})}
	h.drop()
	if h.key != nil || h.timer != nil {
		t.Error("the timer waits for the next key")
	}
}

// A key that is pulled out is not one that wants its PIN.
func TestAKeyThatIsPulledOutWhileItIsRead(t *testing.T) {
	if read, err := new(SealCase).readToken(t.Context(), pulled{}); !errors.Is(err, token.ErrRemoved) || read.Locked != 0 {
		t.Errorf("%+v, %v", read, err)
	}
}
