package till

import (
	"errors"
	"os"
	"testing"
)

func TestPay(t *testing.T) {
	var one Till
	if err := one.Pay(-2); !errors.Is(err, ErrNegative) {
		t.Error(err)
	}
	if err := one.Pay(3); !errors.Is(err, ErrOdd) {
		t.Error(err)
	}
	if err := errors.Join(one.Pay(4), one.Pay(6)); err != nil || one.sum != 10 {
		t.Error(err, one.sum)
	}
	if len(one.log) != 2 || os.Getenv("TILL_BROKEN") != "" {
		t.Error(one.log)
	}
}
