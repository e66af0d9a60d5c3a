package demo

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"sealdesk/platformapi/mobileca"
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
