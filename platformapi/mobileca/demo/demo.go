package demo

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// Console writes short messages instead of sending them.
type Console struct {
	mu sync.Mutex
	to io.Writer
}

// NewConsole writes to w, one line a message.
func NewConsole(w io.Writer) *Console { return &Console{to: w} }

// Send writes a message.
func (c *Console) Send(_ context.Context, phone, text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := fmt.Fprintf(c.to, "短信 → %s：%s\n", phone, text)
	return err
}

// Identities takes every name whose number is well formed: the date in it is one, and its check character is right
// (GB 11643-1999).
type Identities struct{}

// Check looks at the number.
func (Identities) Check(_ context.Context, r wire.IdentityRequest) error {
	n := r.IDNumber
	if len(n) != 18 {
		return &mobileca.IdentityRefused{Reason: "the number has 18 characters"}
	}
	if _, err := time.Parse("20060102", n[6:14]); err != nil {
		return &mobileca.IdentityRefused{Reason: "the number has no date of birth in it"}
	}
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(n[i]-'0') * weight
	}
	if n[17] != "10X98765432"[sum%11] {
		return &mobileca.IdentityRefused{Reason: "the number's check character is another one"}
	}
	return nil
}

// Clerk approves every application, and says so.
type Clerk struct{ To io.Writer }

// Look approves.
func (c Clerk) Look(_ context.Context, a store.Application) mobileca.Verdict {
	if c.To != nil {
		_, _ = fmt.Fprintf(c.To, "CA 审核（演示，自动通过）：%s，%s\n", a.Kind, a.Subject.Name) // a console that is gone changes nothing
	}
	return mobileca.Verdict{Approve: true}
}

// Cashier takes every payment, and moves no money.
type Cashier struct{ To io.Writer }

// Pay says what would be paid.
func (c Cashier) Pay(_ context.Context, p mobileca.Charge) error {
	if c.To != nil {
		_, _ = fmt.Fprintf(c.To, "支付（演示，不产生扣款）：%s，%d.%02d 元\n", p.What, p.Amount/100, p.Amount%100)
	}
	return nil
}

// Register takes every card whose number has the right check digit (ISO/IEC 7812-1, annex B).
func (c Cashier) Register(_ context.Context, _ string, r wire.CardRequest) (string, error) {
	sum := 0
	for i := range len(r.Number) {
		n := int(r.Number[len(r.Number)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	if sum%10 != 0 {
		return "", &mobileca.PaymentRefused{Reason: "the card's number is wrong"}
	}
	return "demo-" + r.Number[len(r.Number)-4:], nil
}
