package desk

import (
	"context"
	"errors"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/assets"
	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/receipt"
	"sealdesk/signer/paper"
	"sealdesk/ui/desk/words"
)

// A ReceiptProof says what a receipt's signature is worth.
type ReceiptProof string

// The proofs. What is not known is not called valid.
const (
	ReceiptValid     ReceiptProof = "valid"     // signed by the platform, whose certificate is trusted
	ReceiptUntrusted ReceiptProof = "untrusted" // intact, by a signer who is not trusted here, or not the platform
	ReceiptBroken    ReceiptProof = "broken"    // the signature does not hold
	ReceiptUnsigned  ReceiptProof = "unsigned"  // what came over the platform's own connection, without a signature
)

// A Receipt is what the platform gave in writing for one change.
type Receipt struct {
	platformapi.Receipt
	EntryID  string
	USCC     string // of the organisation that it was given to
	Title    string
	Proof    ReceiptProof
	Platform string    // its address as it was signed; "" without a signature that holds
	Signer   string    // whose certificate it is
	Ends     time.Time // of the certificate
}

// ReceiptOf gives the receipt of an entry and judges its signature; false while there is none. roots are whom to trust.
func ReceiptOf(e outbox.Entry, roots []*smx509.Certificate) (Receipt, bool) {
	if e.Receipt == nil {
		return Receipt{}, false
	}
	r := Receipt{Receipt: *e.Receipt, EntryID: e.ID, USCC: e.Org, Title: e.Title}
	pool := smx509.NewCertPool()
	for _, c := range roots {
		pool.AddCert(c)
	}
	said, cert, err := receipt.Verify(r.Receipt, e.Org, pool)
	if r.Proof = proofOf(err); cert != nil && r.Proof != ReceiptBroken {
		r.Platform, r.Signer, r.Ends = said.Platform, cert.Subject.CommonName, cert.NotAfter
	}
	return r, true
}

// proofOf is what a signature is worth that was judged so.
func proofOf(err error) ReceiptProof {
	switch {
	case err == nil:
		return ReceiptValid
	case errors.Is(err, receipt.ErrUnsigned):
		return ReceiptUnsigned
	case errors.Is(err, receipt.ErrUntrusted):
		return ReceiptUntrusted
	}
	return ReceiptBroken
}

// Receipts are those of one contract, or with "" of all, the oldest first. They are kept on this machine for good.
func (s *Session) Receipts(ctx context.Context, contract string) ([]Receipt, error) {
	entries, err := s.ledger.all(ctx)
	var all []Receipt
	for _, e := range entries {
		if r, ok := ReceiptOf(e, s.desk.cfg.Roots); ok && (contract == "" || r.ContractID == contract) {
			all = append(all, r)
		}
	}
	return all, err
}

// Receipt is the receipt of an entry.
func (s *Session) Receipt(e outbox.Entry) (Receipt, bool) { return ReceiptOf(e, s.desk.cfg.Roots) }

// SaveReceipt writes a receipt to be printed as a PDF of A4 sheets. A file that is there already is not overwritten.
func (s *Session) SaveReceipt(r Receipt, path string) error {
	return WriteReceipt(s.desk.cfg.Words, s.desk.PlatformName(), s.key.Owner, r, path)
}

// WriteReceipt writes a receipt as a PDF without a session. The platform's and the owner's names may be empty: then their
// address and code stand alone. A file that is there already is not overwritten.
func WriteReceipt(w *words.Catalog, platform, owner string, r Receipt, path string) error {
	return writeSlip(w, platform, owner, slip{
		number: r.Number, title: r.Title, at: r.At, uscc: r.USCC, about: paper.Fact{Name: w.T("receipt.contract"), Value: r.ContractID}, sha256: r.SHA256,
		signature: r.Signature, proof: r.Proof, platform: r.Platform, signer: r.Signer, ends: r.Ends,
	}, path)
}

// slip is what is printed of a receipt, whatever it is for.
type slip struct {
	number, title, uscc, sha256, signature string
	about                                  paper.Fact
	at                                     time.Time
	proof                                  ReceiptProof
	platform, signer                       string
	ends                                   time.Time
}

func writeSlip(w *words.Catalog, platform, owner string, r slip, path string) error {
	data, err := receiptPaper(w, platform, owner, r)
	if err != nil {
		return err
	}
	return writeNew(path, data)
}

// sheets begins a document of A4 sheets to be printed; foot is the line at the foot of a page.
func sheets(w *words.Catalog, title string, created time.Time, foot func(page, pages int) string) (*paper.Document, error) {
	regular, err := paper.ParseFace(assets.SansRegular())
	if err != nil {
		return nil, err
	}
	bold, err := paper.ParseFace(assets.SansMedium())
	if err != nil {
		return nil, err
	}
	d := paper.New(regular, bold, paper.Options{Title: title, Lang: w.Language(), Created: created, Foot: foot})
	d.Title(title)
	return d, nil
}

func receiptPaper(w *words.Catalog, platform, owner string, r slip) ([]byte, error) {
	d, err := sheets(w, w.T("receipt.title"), r.at, func(page, pages int) string {
		return w.T("receipt.foot", "number", r.number, "page", page, "pages", pages)
	})
	if err != nil {
		return nil, err
	}
	d.Banner(w.T("receipt.proof_"+string(r.proof)), map[ReceiptProof]paper.Tone{
		ReceiptValid: paper.Good, ReceiptUntrusted: paper.Warn, ReceiptBroken: paper.Bad, ReceiptUnsigned: paper.Warn}[r.proof])
	facts := []paper.Fact{{Name: w.T("receipt.number"), Value: r.number}, {Name: w.T("receipt.what"), Value: r.title},
		{Name: w.T("receipt.at"), Value: r.at.In(words.Zone).Format("2006-01-02 15:04:05.000 -07:00")},
		{Name: w.T("receipt.given_to"), Value: joined(owner, r.uscc)}, {Name: w.T("receipt.platform"), Value: joined(platform, r.platform)},
		r.about}
	if r.sha256 != "" {
		facts = append(facts, paper.Fact{Name: "SHA-256", Value: r.sha256})
	}
	if r.signer != "" {
		facts = append(facts, paper.Fact{Name: w.T("receipt.signer"), Value: w.T("receipt.signer_until", "name", r.signer, "until", r.ends.Local().Format(time.DateOnly))})
	}
	d.Facts(facts...)
	d.Paragraph(w.T("receipt.note"), paper.Quiet)
	if r.signature != "" {
		d.Heading(w.T("receipt.signature"))
		d.Paragraph(w.T("receipt.signature_note"), paper.Quiet)
		d.Paragraph(r.signature, paper.Quiet)
	}
	return d.Bytes()
}

func joined(name, code string) string {
	switch {
	case name == "":
		return code
	case code == "":
		return name
	}
	return name + "（" + code + "）"
}
