package platformtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/tenders"
)

// PaperOutline is an outline as PaperBidding reads it.
type PaperOutline struct {
	Tender    string   `json:"tender"`
	Lot       string   `json:"lot"`
	Envelopes []string `json:"envelopes"`
	Fields    []string `json:"fields"`
}

// JSON writes it.
func (o PaperOutline) JSON() []byte {
	data, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return data
}

// PaperBid is a bid as PaperBidding reads it: nothing in it is encrypted, but it is treated as if it were.
type PaperBid struct {
	Paper     int                      `json:"paper_bid"` // 1
	ID        string                   `json:"id"`
	Tender    string                   `json:"tender"`
	Lot       string                   `json:"lot"`
	Outline   string                   `json:"outline"` // SHA-256
	Bidder    string                   `json:"bidder"`
	Signer    string                   `json:"signer"` // with Untrusted before it, perhaps
	Platform  string                   `json:"platform"`
	Envelopes []string                 `json:"envelopes"`
	Open      []string                 `json:"open,omitempty"`  // what ought to be sealed and is not
	Lacks     []string                 `json:"lacks,omitempty"` // of the outline
	Price     []platformapi.PriceField `json:"price"`           // in the last envelope
	Lies      bool                     `json:"lies,omitempty"`  // about the price
	Text      string                   `json:"text"`            // of its one part, in the first envelope
}

// File is the bid's file.
func (b PaperBid) File() []byte {
	data, err := json.Marshal(b)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(data)
	return fmt.Appendf(data, "\n%x", sum)
}

// secret is what an envelope holds.
func (b PaperBid) secret(envelope string) []byte {
	sum := sha256.Sum256([]byte(b.ID + b.Bidder + envelope))
	return sum[:]
}

const paperInner = "paper inner "

// PaperKey opens an inner envelope of a PaperBid.
func PaperKey(inner []byte) []byte {
	text, ok := strings.CutPrefix(string(inner), paperInner)
	secret, err := hex.DecodeString(text)
	if !ok || err != nil {
		return nil
	}
	return secret
}

// Untrusted before an organisation's code makes a signature of it one that nobody trusts.
const Untrusted = "UNTRUSTED-"

// paperSignature is a detached signature as PaperBidding judges it.
func paperSignature(content []byte, uscc string) []byte {
	return fmt.Appendf(nil, "%s %x", uscc, sha256.Sum256(content))
}

// PaperBidding is a tenders.Bidding of paper.
type PaperBidding struct{}

var _ tenders.Bidding = PaperBidding{}

const paperPlatform = "paper platform"

// Certificates implements tenders.Bidding.
func (PaperBidding) Certificates() []platformapi.PlatformCertificate {
	return []platformapi.PlatformCertificate{{
		Algorithm: platformapi.BidSM2, SHA256: digest([]byte(paperPlatform)), Certificate: []byte(paperPlatform), Serial: "01",
		NotAfter: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC),
	}}
}

// Outline implements tenders.Bidding.
func (PaperBidding) Outline(data []byte) (tenders.Outline, error) {
	var o PaperOutline
	err := json.Unmarshal(data, &o)
	return tenders.Outline{Tender: o.Tender, Lot: o.Lot, Envelopes: o.Envelopes, Fields: o.Fields}, err
}

// read reads a bid, and says whether it is what was signed.
func (PaperBidding) read(r io.ReaderAt, size int64) (b PaperBid, intact bool, err error) {
	data, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if err != nil {
		return b, false, err
	}
	text, sum, _ := bytes.Cut(data, []byte("\n"))
	if !bytes.HasPrefix(data, []byte(`{"paper_bid":`)) {
		return b, false, &tenders.Fault{Gate: platformapi.CodeBidNotEncrypted, Cause: platformapi.CauseFileDamaged, Detail: "no bid"}
	}
	if json.Unmarshal(text, &b) != nil {
		return b, false, &tenders.Fault{Gate: platformapi.CodeBidFormat, Cause: platformapi.CauseFileDamaged, Detail: "malformed"}
	}
	return b, string(sum) == fmt.Sprintf("%x", sha256.Sum256(text)), nil
}

// Judge implements tenders.Bidding.
func (p PaperBidding) Judge(_ context.Context, r io.ReaderAt, size int64, _ []byte) (tenders.Facts, error) {
	b, intact, err := p.read(r, size)
	if err != nil {
		return tenders.Facts{}, err
	}
	x := tenders.Facts{
		Tender: b.Tender, Lot: b.Lot, Outline: b.Outline, Bidder: b.Bidder, Unsealed: b.Open, Lacks: b.Lacks, Ours: b.Platform == paperPlatform,
		Signature: signedBy(b.Signer, true), Envelopes: b.Envelopes,
		Cipher: "SM4-GCM", Recipients: []platformapi.BidCertificate{{Issuer: "paper CA", Serial: "0a"}}, Signer: platformapi.BidCertificate{Issuer: "paper CA", Serial: "0b"},
		Parts: []platformapi.BidPart{{Code: "text", Kind: "technical", Name: "text.txt", Size: int64(len(b.Text)), Envelope: b.Envelopes[0]}},
	}
	if !intact {
		x.Damage = "the sum is another one"
	}
	return x, nil
}

// Uncover implements tenders.Bidding.
func (p PaperBidding) Uncover(_ context.Context, r io.ReaderAt, size int64, envelopes []string) (map[string][]byte, error) {
	b, intact, err := p.read(r, size)
	if err != nil {
		return nil, err
	}
	inner := map[string][]byte{}
	for _, name := range envelopes {
		if !intact || !slices.Contains(b.Envelopes, name) {
			return nil, &tenders.Fault{Cause: platformapi.CauseOuterClosed, Detail: "the layer does not come off"}
		}
		inner[name] = fmt.Appendf(nil, "%s%x", paperInner, b.secret(name))
	}
	return inner, nil
}

// Open implements tenders.Bidding.
func (p PaperBidding) Open(_ context.Context, r io.ReaderAt, size int64, secrets map[string][]byte) ([]platformapi.PriceField, error) {
	b, intact, err := p.read(r, size)
	if err != nil {
		return nil, err
	}
	var price []platformapi.PriceField
	for name, secret := range secrets {
		switch {
		case !bytes.Equal(secret, b.secret(name)):
			return nil, &tenders.Fault{Cause: platformapi.CauseWrongSecret, Detail: "it opens nothing"}
		case !intact:
			return nil, &tenders.Fault{Cause: platformapi.CauseFileDamaged, Detail: "the sum is another one"}
		case name == b.Envelopes[len(b.Envelopes)-1] && b.Lies:
			return nil, &tenders.Fault{Cause: platformapi.CausePriceMismatch, Detail: "another price"}
		case name == b.Envelopes[len(b.Envelopes)-1]:
			price = b.Price
		}
	}
	return price, nil
}

// Part implements tenders.Bidding.
func (p PaperBidding) Part(_ context.Context, r io.ReaderAt, size int64, _ string, secrets map[string][]byte) (io.Reader, error) {
	b, _, err := p.read(r, size)
	if err == nil && !bytes.Equal(secrets[b.Envelopes[0]], b.secret(b.Envelopes[0])) {
		err = &tenders.Fault{Cause: platformapi.CauseWrongSecret, Detail: "it is closed"}
	}
	return strings.NewReader(b.Text), err
}

// Signature implements tenders.Bidding.
func (PaperBidding) Signature(_ context.Context, signature, content []byte) (tenders.Signature, error) {
	by, sum, _ := strings.Cut(string(signature), " ")
	return signedBy(by, sum == fmt.Sprintf("%x", sha256.Sum256(content))), nil
}

func signedBy(by string, intact bool) tenders.Signature {
	uscc, untrusted := strings.CutPrefix(by, Untrusted)
	return tenders.Signature{Intact: intact, Trusted: !untrusted, USCC: uscc}
}
