package receipt

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
)

// BidStatement is what is signed of a bid's receipt.
type BidStatement struct {
	Platform  string                     `json:"platform"` // its address
	USCC      string                     `json:"uscc"`     // of the bidder
	Number    string                     `json:"number"`
	Kind      platformapi.BidReceiptKind `json:"kind"`
	TenderID  string                     `json:"tender_id"`
	BidID     string                     `json:"bid_id"`
	SHA256    string                     `json:"sha256"`
	Size      int64                      `json:"size"`
	At        time.Time                  `json:"at"`
	Replaces  string                     `json:"replaces,omitempty"`
	AuditSeq  int64                      `json:"audit_seq,omitempty"`
	AuditHash string                     `json:"audit_hash,omitempty"`
}

// StateBid is what a platform says by giving a receipt for a bid.
func StateBid(platform, uscc string, r platformapi.BidReceipt) BidStatement {
	return BidStatement{
		Platform: platform, USCC: uscc, Number: r.Number, Kind: r.Kind, TenderID: r.TenderID, BidID: r.BidID, SHA256: r.SHA256, Size: r.Size,
		At: r.At.UTC(), Replaces: r.Replaces, AuditSeq: r.AuditSeq, AuditHash: r.AuditHash,
	}
}

// Digest is the SHA-256 that a receipt's time stamp is over: of the statement's JSON, as it is signed.
func (b BidStatement) Digest() ([]byte, error) {
	plain, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	sum := sha256.Sum256(plain)
	return sum[:], nil
}

// SignBid signs a statement about a bid.
func (s *Signer) SignBid(what BidStatement) (string, error) { return s.seal(what) }

// VerifyBid is Verify for a bid's receipt. Its time stamp is judged apart, over Digest.
func VerifyBid(r platformapi.BidReceipt, uscc string, roots *smx509.CertPool) (BidStatement, *smx509.Certificate, error) {
	var said BidStatement
	p, err := open(r.Signature, &said)
	if err != nil {
		return said, p.cert, err
	}
	if said != StateBid(said.Platform, uscc, r) {
		return said, p.cert, fmt.Errorf("%w: it is another receipt's", ErrBroken)
	}
	return said, p.cert, p.trust(said.Platform, said.At, roots)
}
