package hall

import (
	"encoding/json"
	"time"

	"sealdesk/platformapi"
)

// recordFormat is the form of the records that this program reads.
const recordFormat = "sealdesk opening record 1"

// A Record is what the record of an opening (开标记录) says, so that it can be read before it is signed.
type Record struct {
	Format    string                   `json:"format"`
	Number    string                   `json:"number"`
	Name      string                   `json:"name"`
	LotNumber string                   `json:"lot_number"`
	LotName   string                   `json:"lot_name"`
	Purchaser platformapi.Organisation `json:"purchaser"`
	Deadline  time.Time                `json:"deadline"`
	WrittenAt time.Time                `json:"written_at"`
	Bids      []platformapi.Bid        `json:"bids"` // of each what a record has

	Acts []platformapi.OpeningLog `json:"acts"` // of the host, the oldest first
	Late []platformapi.LateBid    `json:"late"` // who came after the deadline
}

// ReadRecord reads a record. Error: *Error of Kind UnknownRecord: one that cannot be shown must not be signed.
func ReadRecord(data []byte) (*Record, error) {
	r := &Record{}
	if err := json.Unmarshal(data, r); err != nil || r.Format != recordFormat || r.Number == "" || r.Bids == nil {
		return nil, &Error{Kind: UnknownRecord, inner: err}
	}
	return r, nil
}
