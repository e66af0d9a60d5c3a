package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/gowebpki/jcs"
)

// Act says what was done. Moves of a contract are called as their receipts are, and a server may have acts of its own.
type Act string

// Acts that have no receipt.
const (
	Login  Act = "login"
	Logout Act = "logout"
	Import Act = "import" // organisations and lots from elsewhere
	View   Act = "view"   // the other side's first look at a submission
	Bind   Act = "bind"   // of a certificate to an account
	Unbind Act = "unbind"
)

// Entry is what a row says. The platform's have a contract or a tender, the mobile CA's what the fields from Device on name.
type Entry struct {
	Seq         int64     `json:"seq"` // from 1, without gaps
	At          time.Time `json:"at"`
	Act         Act       `json:"act"`
	Account     string    `json:"account,omitempty"`
	USCC        string    `json:"uscc,omitempty"`
	Person      string    `json:"person,omitempty"`
	ContractID  string    `json:"contract_id,omitempty"`
	Version     int64     `json:"version,omitempty"`
	Receipt     string    `json:"receipt,omitempty"`
	SHA256      string    `json:"sha256,omitempty"`       // of the file, the certificate or the import it was about
	HistorySeq  int       `json:"history_seq,omitempty"`  // the row of the contract's history that it made
	HistoryHash string    `json:"history_hash,omitempty"` // and that row's hash

	Device  string `json:"device,omitempty"`
	Pairing string `json:"pairing,omitempty"`
	Request string `json:"request,omitempty"`
	Key     string `json:"key,omitempty"`
	Note    string `json:"note,omitempty"`

	TenderID string `json:"tender_id,omitempty"`
	BidID    string `json:"bid_id,omitempty"`
}

// Row is an entry as it is kept.
type Row struct {
	Seq  int64
	Data string // the entry's canonical JSON (RFC 8785)
	Hash string // hex of SHA-256(hash before || Data); see chain
}

// Head is the newest row. Before the first row it is the zero Head.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// genesis is the hash before the first row: 32 zero bytes.
var genesis = strings.Repeat("0", 2*sha256.Size)

// Append makes the row that follows a head.
func (h Head) Append(e Entry) (Row, error) {
	e.Seq = h.Seq + 1
	plain, err := json.Marshal(e)
	if err != nil {
		return Row{}, fmt.Errorf("audit row %d: %w", e.Seq, err)
	}
	data, err := jcs.Transform(plain)
	if err != nil {
		return Row{}, fmt.Errorf("audit row %d: %w", e.Seq, err)
	}
	hash, err := chain(h.Hash, string(data))
	return Row{Seq: e.Seq, Data: string(data), Hash: hash}, err
}

// chain is h_n = SHA-256(h_{n-1} || data), the hash before as its 32 bytes; both hashes in hex.
func chain(before, data string) (string, error) {
	if before == "" {
		before = genesis
	}
	b, err := hex.DecodeString(before)
	if err != nil || len(b) != sha256.Size {
		return "", fmt.Errorf("audit: %q is not a hash", before)
	}
	sum := sha256.Sum256(append(b, data...))
	return hex.EncodeToString(sum[:]), nil
}

// Damage says what happened to a row.
type Damage string

// The kinds of damage.
const (
	Changed  Damage = "changed"
	Deleted  Damage = "deleted"
	Inserted Damage = "inserted"
)

// Fault is where the trail is not what was written.
type Fault struct {
	Seq    int64
	Damage Damage
	Detail string // what it was told by, in English
}

func (f *Fault) Error() string {
	return fmt.Sprintf("audit row %d was %s: %s", f.Seq, f.Damage, f.Detail)
}

// Check follows the chain, which ends in head, and hands every entry to each. Its error is a *Fault for the first row
// that does not fit, or what rows or each returned.
func Check(rows iter.Seq2[Row, error], head Head, each func(Row, Entry) error) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	at := Head{}
	row, err, more := next()
	for more {
		if err != nil {
			return err
		}
		n := at.Seq + 1
		after, err2, more2 := next()
		e, readable := read(row)
		switch {
		case row.Seq > n:
			return &Fault{n, Deleted, fmt.Sprintf("the next one is numbered %d", row.Seq)}
		case readable && e.Seq > n:
			return &Fault{n, Deleted, fmt.Sprintf("the row in its place says it is number %d", e.Seq)}
		case readable && e.Seq < n:
			return &Fault{e.Seq, Inserted, "two rows claim its number"}
		case !follows(at, row) && more2 && err2 == nil && follows(at, after):
			return &Fault{n, Inserted, "the one after it follows the one before it"}
		case !follows(at, row) || !readable:
			return &Fault{n, Changed, "its hash does not follow from the one before"}
		}
		if err := each(row, e); err != nil {
			return err
		}
		at = Head{Seq: row.Seq, Hash: row.Hash}
		row, err, more = after, err2, more2
	}
	switch {
	case at.Seq < head.Seq:
		return &Fault{at.Seq + 1, Deleted, fmt.Sprintf("the trail once had %d rows", head.Seq)}
	case at.Seq > head.Seq:
		return &Fault{head.Seq + 1, Inserted, fmt.Sprintf("the trail had %d rows", head.Seq)}
	case at.Seq > 0 && at.Hash != head.Hash:
		return &Fault{at.Seq, Changed, "the head has another hash"}
	}
	return nil
}

func follows(at Head, r Row) bool {
	hash, err := chain(at.Hash, r.Data)
	return err == nil && hash == r.Hash
}

// read reads a row's entry; only canonical JSON counts.
func read(r Row) (Entry, bool) {
	var e Entry
	if err := json.Unmarshal([]byte(r.Data), &e); err != nil {
		return e, false
	}
	canonical, err := jcs.Transform([]byte(r.Data))
	return e, err == nil && string(canonical) == r.Data
}

// SignedHead is a head with a signature over Statement.
type SignedHead struct {
	Head
	At        time.Time
	Signature []byte // CMS SignedData, DER, detached; with a time stamp where there is a service for it
}

// Statement is the text that is signed.
func (h SignedHead) Statement(platformID string) []byte {
	return fmt.Appendf(nil, "SealDesk audit head v1\n%s\n%d\n%s\n%s\n", platformID, h.Seq, h.Hash, h.At.UTC().Format(time.RFC3339Nano))
}
