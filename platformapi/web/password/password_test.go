package password

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestPasswords(t *testing.T) {
	const secret = "correct horse"
	hash, err := Hash(secret)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Hash(secret); err != nil || again == hash {
		t.Errorf("two hashes are the same: %v", err)
	}
	c := NewChecker(1)
	for name, x := range map[string]struct {
		hash, secret string
		want         error
	}{
		"right":      {hash, secret, nil},
		"wrong":      {hash, "correct horsf", ErrWrong},
		"empty":      {hash, "", ErrWrong},
		"no account": {"", secret, ErrWrong},
		"plain":      {secret, secret, ErrHash},
		"other cost": {strings.Replace(hash, "t=3", "t=1", 1), secret, ErrHash},
		"cut":        {hash[:len(hash)-2], secret, ErrHash},
	} {
		if err := c.Check(t.Context(), x.hash, x.secret); !errors.Is(err, x.want) || (err == nil) != (x.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
	for _, bad := range []string{"", "1234567", strings.Repeat("x", maxLength+1)} {
		if _, err := Hash(bad); !errors.Is(err, ErrShort) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
	c.places <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Check(ctx, hash, secret); !errors.Is(err, context.Canceled) {
		t.Errorf("with no place free: %v", err)
	}
}
