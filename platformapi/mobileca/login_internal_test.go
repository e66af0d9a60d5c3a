package mobileca

import (
	"bytes"
	"context"
	"testing"
	"time"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// again is a store whose transactions are undone and run once more, each time with the code as it is then.
type again struct {
	store.Store
	codes []store.Code
}

func (a again) ChangeCode(_ context.Context, _ string, _ wire.CodePurpose, rule func(*store.Code) error) error {
	for i := range a.codes {
		if err := rule(&a.codes[i]); err != nil {
			return err
		}
	}
	return nil
}

// A code that somebody else used before the transaction was run once more is not good any more.
func TestACodeIsJudgedAsItIsAtLast(t *testing.T) {
	sealer, err := newSealer(bytes.Repeat([]byte{1}, MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	s := &Server{sealer: sealer, cfg: Config{Now: func() time.Time { return now }}}
	c := store.Code{Phone: "13812345678", Purpose: wire.CodeLogin, Until: now.Add(time.Minute)}
	c.Hash = s.codeHash(c, "123456")
	used := c
	used.Until = time.Time{}
	for name, x := range map[string]struct {
		codes []store.Code
		good  bool
	}{"once": {[]store.Code{c}, true}, "undone": {[]store.Code{c, c}, true}, "used meanwhile": {[]store.Code{c, used}, false}} {
		s.store = again{codes: x.codes}
		if err := s.useCode(t.Context(), c.Phone, c.Purpose, "123456"); (err == nil) != x.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
