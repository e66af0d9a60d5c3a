package desk

import (
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/receipt"
	"sealdesk/signer/paper"
)

// A BidReceipt is what the platform gave in writing for a bid that was handed in, or taken back.
type BidReceipt struct {
	platformapi.BidReceipt
	Title    string // what was done, to which tender
	Proof    ReceiptProof
	Platform string    // its address as it was signed; "" without a signature that holds
	Signer   string    // whose certificate it is
	Ends     time.Time // of the certificate
}

// BidReceiptOf judges the signature of a receipt; name is the tender's.
func (s *Session) BidReceiptOf(r platformapi.BidReceipt, name string) BidReceipt {
	key := "bid.receipt_for"
	if r.Kind == platformapi.ReceiptWithdrawBid {
		key = "bid.receipt_back"
	}
	out := BidReceipt{BidReceipt: r, Title: s.desk.cfg.Words.T(key, "name", name)}
	pool := smx509.NewCertPool()
	for _, c := range s.desk.cfg.Roots {
		pool.AddCert(c)
	}
	said, cert, err := receipt.VerifyBid(r, s.key.USCC, pool)
	if out.Proof = proofOf(err); cert != nil && out.Proof != ReceiptBroken {
		out.Platform, out.Signer, out.Ends = said.Platform, cert.Subject.CommonName, cert.NotAfter
	}
	return out
}

// SaveBidReceipt writes a receipt to be printed as a PDF of A4 sheets. A file that is there already is not overwritten.
func (s *Session) SaveBidReceipt(r BidReceipt, path string) error {
	w := s.desk.cfg.Words
	return writeSlip(w, s.desk.PlatformName(), s.key.Owner, slip{
		number: r.Number, title: r.Title, at: r.At, uscc: s.key.USCC, about: paper.Fact{Name: w.T("bid.receipt_bid"), Value: r.BidID}, sha256: string(r.SHA256),
		signature: r.Signature, proof: r.Proof, platform: r.Platform, signer: r.Signer, ends: r.Ends,
	}, path)
}
