package platformapi

import (
	"context"
	"io"
)

// Tendering is a trading platform's tenders, bids and openings, seen by one organisation that is logged in; a Platform may
// have it too. What an organisation may do is a matter of what it is in a tender (Tender.MyRole). A key is an idempotency key of
// NewID, the same for every repetition of a change. Errors are as those of a Platform.
type Tendering interface {
	TenderReader
	Bidder
	Host
	Presence
	CreditLibrarian
}

// TenderReader is what can be asked without changing anything.
type TenderReader interface {
	// Tenders is a page, the newest first.
	Tenders(ctx context.Context, q TenderQuery) (TenderPage, error)
	Tender(ctx context.Context, id string) (Tender, error)
	// Outline is what a bid consists of, as JSON, and has the tender's OutlineSHA256.
	Outline(ctx context.Context, t Tender) ([]byte, error)
	// TenderBids are the bids of a tender that one may see.
	TenderBids(ctx context.Context, tenderID string) ([]Bid, error)
	Bid(ctx context.Context, id string) (Bid, error)
	// DownloadBid streams a bid's bytes to a new file (mode 0600) in dir, as Reader.Download does.
	DownloadBid(ctx context.Context, b Bid, dir string) (path string, err error)
	// DownloadPart is DownloadBid for a part of an opened bid.
	DownloadPart(ctx context.Context, bidID string, p BidPart, dir string) (path string, err error)
	// Record is the record of the opening, which was written when the host closed the read-out.
	Record(ctx context.Context, t Tender) ([]byte, error)
	// WatchTender is Watcher.Watch for a tender and its bids.
	WatchTender(ctx context.Context, tenderID string, on func(TenderEvent), reset func()) error
}

// Bidder is what a supplier does with its bids until the deadline.
type Bidder interface {
	// Bids is a page of one's bids, the newest first.
	Bids(ctx context.Context, q BidQuery) (BidPage, error)
	// BeginBid says that a bid is about to be uploaded.
	BeginBid(ctx context.Context, key, tenderID string, n NewBid) (Bid, error)
	// SendBid brings a bid's bytes to the platform, from where an earlier try ended; progress, which may be nil, is told how many
	// bytes are there.
	SendBid(ctx context.Context, b Bid, content io.ReaderAt, progress func(done, total int64)) error
	// CompleteBid hands in the bid whose bytes are all there.
	CompleteBid(ctx context.Context, key, bidID string) (BidOutcome, error)
	// WithdrawBid takes a bid back before the deadline.
	WithdrawBid(ctx context.Context, key, bidID string) (BidOutcome, error)
	// BidReceipts are those given for a bid, the oldest first.
	BidReceipts(ctx context.Context, bidID string) ([]BidReceipt, error)
}

// Host is what the purchaser, or its agency, does with a tender.
type Host interface {
	CreateTender(ctx context.Context, key string, n NewTender) (Tender, error)
	Postpone(ctx context.Context, c TenderChange, p Postponement) (Tender, error)
	// Conduct is an act at the opening.
	Conduct(ctx context.Context, c TenderChange, a OpeningAct) (Tender, error)
	AnswerObjection(ctx context.Context, key, bidID, objectionID, text string) (Bid, error)
	// SignRecord adds a signature to the record, the host's or a bidder's: CMS SignedData over its bytes, detached, DER.
	SignRecord(ctx context.Context, key, tenderID string, signature []byte) (Tender, error)
}

// Presence is what a bidder does at the opening, or a hall terminal for it.
type Presence interface {
	SignIn(ctx context.Context, key, bidID string, s SignIn) (Bid, error)
	// TakeEnvelopes are those that wait for the bidder's key.
	TakeEnvelopes(ctx context.Context, bidID string) ([]BidEnvelope, error)
	// Decrypt hands over what the bidder's key found in them. Whether the bid was opened by it, its state says.
	Decrypt(ctx context.Context, key, bidID string, opened []OpenedEnvelope) (Bid, error)
	// ReportFailure tells why the key found nothing.
	ReportFailure(ctx context.Context, key, bidID string, f Failure) (Bid, error)
	// BeginBackup, SendBackup and CompleteBackup are BeginBid, SendBid and CompleteBid for a bid that is damaged at the platform.
	BeginBackup(ctx context.Context, key, bidID string, n NewBackup) (Bid, error)
	SendBackup(ctx context.Context, n NewBackup, content io.ReaderAt, progress func(done, total int64)) error
	CompleteBackup(ctx context.Context, key, bidID string) (Bid, error)
	Object(ctx context.Context, key, bidID string, o NewObjection) (Bid, error)
}

// CreditLibrarian keeps one's credit library (诚信库).
type CreditLibrarian interface {
	Credit(ctx context.Context) (CreditLibrary, error)
	// PutCredit adds an entry or changes it. Files that the entry has not yet are sent first, by SendCredit.
	PutCredit(ctx context.Context, key, id string, e CreditEntry) (CreditItem, error)
	// SendCredit brings a file's bytes to the platform, under the upload's id that f names.
	SendCredit(ctx context.Context, f NewCreditFile, size int64, content io.ReaderAt) error
	RemoveCredit(ctx context.Context, key, id string) (CreditItem, error)
	// DownloadCredit is DownloadBid for a file of an entry.
	DownloadCredit(ctx context.Context, id string, f CreditFile, dir string) (path string, err error)
}

// TenderChange names one change of one tender.
type TenderChange struct {
	Key      string // idempotency key
	TenderID string
	Version  int64 // the tender's version the person decided on
}

// TenderQuery selects tenders. The zero value asks for the first page of all.
type TenderQuery struct {
	State  TenderState
	Words  string // that occur in names or numbers of tender, lot, purchaser or agency
	Cursor string // NextCursor of the page before
	Limit  int    // 1 to 200; 0 means 50
}

// BidQuery selects one's bids.
type BidQuery struct {
	TenderID string // "" is all tenders
	Cursor   string
	Limit    int
}
