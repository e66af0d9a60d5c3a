package store

import (
	"context"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web/audit"
)

// Tenders keep tenders, bids and what became of them.
type Tenders interface {
	// Tender is the tender of this id.
	Tender(ctx context.Context, id string) (Tender, error)
	// Tenders is a page, the newest first.
	Tenders(ctx context.Context, q TenderQuery) ([]Tender, error)
	Bid(ctx context.Context, id string) (Bid, error)
	// TenderBids are all bids of a tender in whatever state, of one bidder or with "" of all, in the order in which they were begun.
	TenderBids(ctx context.Context, tenderID, uscc string) ([]Bid, error)
	// Bids is a page of an organisation's bids, the newest first.
	Bids(ctx context.Context, q BidQuery) ([]Bid, error)
	BidReceipts(ctx context.Context, bidID string) ([]platformapi.BidReceipt, error)
	// KeepStamp keeps a receipt's time stamp, if it has none.
	KeepStamp(ctx context.Context, number string, token []byte) error
	// ChangeTender looks up the key's answer; where there is none it hands the tender (nil where there is none) with the bids of
	// r.Bidder, or with all, to decide, and stores what that changed: the tender and the bids whose versions it raised, those
	// that it added, and a tender that was Noted. Each effect makes a row of the audit trail and an event, and a receipt where it
	// says so. An error of decide is returned as it is, and nothing is stored. Changes of one tender come one after the other.
	ChangeTender(ctx context.Context, r TenderRequest, decide func(*TenderFile) ([]TenderEffect, error)) (TenderAnswer, error)
	// TenderSeq is the number of the newest event of a tender, 0 where there is none. Whatever changes a tender or a bid makes one.
	TenderSeq(ctx context.Context, tenderID string) (int64, error)
	// TenderEvents are what happened to a tender and its bids, as far as an organisation is told, the oldest first; see Events.
	TenderEvents(ctx context.Context, q TenderEventQuery) ([]platformapi.TenderEvent, error)

	// Credit is an organisation's credit library, by kind and name.
	Credit(ctx context.Context, uscc string) ([]platformapi.CreditItem, error)
	CreditItem(ctx context.Context, uscc, id string) (platformapi.CreditItem, error)
	// ChangeCredit keeps an entry (or with remove takes it out), unless the key has an answer: that is returned instead.
	ChangeCredit(ctx context.Context, r Request, x platformapi.CreditItem, remove bool) (Answer, error)
}

// Tender is a tender as the platform keeps it.
type Tender struct {
	ID             string                   `json:"id"`
	Version        int64                    `json:"version"`
	Number         string                   `json:"number"`
	Name           string                   `json:"name"`
	LotNumber      string                   `json:"lot_number"`
	LotName        string                   `json:"lot_name"`
	Purchaser      platformapi.Organisation `json:"purchaser"`
	Agency         platformapi.Organisation `json:"agency"` // zero: there is none
	State          platformapi.TenderState  `json:"state"`  // never TenderClosed
	Deadline       time.Time                `json:"deadline"`
	DecryptMinutes int                      `json:"decrypt_minutes"`
	Remedy         platformapi.Remedy       `json:"remedy"`
	OthersGoOn     bool                     `json:"others_go_on"`
	MinBidders     int                      `json:"min_bidders"`
	RuleText       string                   `json:"rule_text"`
	Venue          string                   `json:"venue,omitempty"` // "" where no terminal is of a venue
	OutlineSHA256  string                   `json:"outline_sha256"`
	Envelopes      []string                 `json:"envelopes"`
	ReadOut        []string                 `json:"read_out"`
	CreatedAt      time.Time                `json:"created_at"`
	Late           []platformapi.LateBid    `json:"late,omitempty"` // the oldest first
	Opening        *platformapi.Opening     `json:"opening,omitempty"`
	HostSignature  []byte                   `json:"host_signature,omitempty"` // over Record, CMS
	Outline        []byte                   `json:"-"`
	Record         []byte                   `json:"-"`
}

// Bid is a bid as the platform keeps it: with what it shows to nobody, or not yet.
type Bid struct {
	platformapi.Bid
	Envelopes       []string          `json:"envelopes,omitempty"`
	Inner           map[string][]byte `json:"inner,omitempty"`   // envelopes without the platform's layer, by name
	Secrets         map[string][]byte `json:"secrets,omitempty"` // what the bidder handed over, by envelope
	RecordSignature []byte            `json:"record_signature,omitempty"`
	BackupUpload    string            `json:"backup_upload,omitempty"`
}

// TenderFile is a tender with bids of it, while it is changed.
type TenderFile struct {
	Tender *Tender
	Bids   []*Bid
	Noted  bool // the tender is stored although its version stays: what was added to it makes nobody's decision stale
}

// TenderRequest names a change of a tender.
type TenderRequest struct {
	USCC     string
	Person   string
	Key      string
	Hash     string
	TenderID string
	Bidder   string // whose bids are asked for; "" is all
	Now      time.Time
}

// TenderEffect is something that a change did.
type TenderEffect struct {
	Act    audit.Act
	Bid    *Bid   // that it was about; nil: the tender itself
	SHA256 string // of the file that it was about
	Note   string // a reason, for the audit trail
	Only   string // the organisation that is told of it; "" is everybody
	// Receipt says that the bidder gets one for it, of this kind and time.
	Receipt   platformapi.BidReceiptKind
	ReceiptAt time.Time
}

// TenderAnswer is what was answered to a key: the bid's receipt, if there was one.
type TenderAnswer struct {
	Hash     string
	Receipt  *platformapi.BidReceipt
	Replayed bool
}

// TenderQuery selects tenders.
type TenderQuery struct {
	State    platformapi.TenderState // "" is all; open and closed are told by Now
	Now      time.Time
	Words    string
	Before   time.Time // with BeforeID: only those that come after this one in the list
	BeforeID string
	Limit    int
}

// BidQuery selects bids of one organisation.
type BidQuery struct {
	USCC     string
	TenderID string // "" is all
	Before   time.Time
	BeforeID string
	Limit    int
}

// TenderEventQuery selects the events of a tender that an organisation is told of.
type TenderEventQuery struct {
	USCC     string
	TenderID string
	After    int64
	Until    int64
	Limit    int
}
