package bids

import (
	"time"
)

// Sent is a bid that the platform took.
type Sent struct {
	ID     string    `json:"id"`     // the platform's
	SHA256 string    `json:"sha256"` // of the file
	Size   int64     `json:"size"`   // bytes
	At     time.Time `json:"at"`     // by the platform's clock, when its last byte was there
	Over   string    `json:"over,omitempty"`
}

// Current is the bid that counts now, nil where the platform has none.
func (v View) Current() *Sent {
	for i := len(v.Sent) - 1; i >= 0; i-- {
		if v.Sent[i].Over == "" {
			return &v.Sent[i]
		}
	}
	return nil
}
