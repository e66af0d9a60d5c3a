package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/receipt"
	"sealdesk/platformapi/web/header"
)

var _ platformapi.Tendering = (*Client)(nil)

const maxPaper = 4 << 20 // bytes of an outline or a record

// Tenders is a page of the tenders that one may see.
func (c *Client) Tenders(ctx context.Context, q platformapi.TenderQuery) (platformapi.TenderPage, error) {
	var p platformapi.TenderPage
	err := c.read(ctx, &p, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ListTenders(ctx, &platformapi.ListTendersParams{State: given(q.State), Q: given(q.Words), Cursor: given(q.Cursor), Limit: given(q.Limit)})
	})
	return p, err
}

// Tender is a tender.
func (c *Client) Tender(ctx context.Context, id string) (platformapi.Tender, error) {
	return c.tender(ctx, id, func(ctx context.Context) (*http.Response, error) { return c.wire.GetTender(ctx, id) })
}

// tender makes a call that answers with a tender.
func (c *Client) tender(ctx context.Context, id string, send func(context.Context) (*http.Response, error)) (platformapi.Tender, error) {
	return one(ctx, c, c.opts.Timeout, id, tenderID, send)
}

func tenderID(t platformapi.Tender) string { return t.ID }

// Outline is what a bid consists of.
func (c *Client) Outline(ctx context.Context, t platformapi.Tender) ([]byte, error) {
	return c.paper(ctx, t.OutlineSHA256, func(ctx context.Context) (*http.Response, error) { return c.wire.DownloadOutline(ctx, t.ID) })
}

// Record is the record of the opening.
func (c *Client) Record(ctx context.Context, t platformapi.Tender) ([]byte, error) {
	digest := ""
	if t.Opening != nil {
		digest = t.Opening.RecordSHA256
	}
	return c.paper(ctx, digest, func(ctx context.Context) (*http.Response, error) { return c.wire.DownloadRecord(ctx, t.ID) })
}

// paper reads a small file of this digest.
func (c *Client) paper(ctx context.Context, digest string, ask func(context.Context) (*http.Response, error)) ([]byte, error) {
	var data []byte
	err := c.ask(ctx, c.opts.Timeout, ask, func(resp *http.Response) (err error) {
		if data, err = io.ReadAll(io.LimitReader(resp.Body, maxPaper+1)); err != nil {
			return failure(ctx, err)
		}
		if sum := sha256.Sum256(data); len(data) > maxPaper || hex.EncodeToString(sum[:]) != digest {
			return nonsense("the file is not the one the platform named", nil)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

// TenderBids are the bids of a tender that one may see.
func (c *Client) TenderBids(ctx context.Context, tenderID string) ([]platformapi.Bid, error) {
	var l platformapi.BidList
	err := c.read(ctx, &l, func(ctx context.Context) (*http.Response, error) { return c.wire.ListTenderBids(ctx, tenderID) })
	return l.Items, err
}

// Bids is a page of one's bids.
func (c *Client) Bids(ctx context.Context, q platformapi.BidQuery) (platformapi.BidPage, error) {
	var p platformapi.BidPage
	err := c.read(ctx, &p, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ListBids(ctx, &platformapi.ListBidsParams{Tender: given(q.TenderID), Cursor: given(q.Cursor), Limit: given(q.Limit)})
	})
	return p, err
}

// Bid is a bid.
func (c *Client) Bid(ctx context.Context, id string) (platformapi.Bid, error) {
	return c.bid(ctx, id, func(ctx context.Context) (*http.Response, error) { return c.wire.GetBid(ctx, id) })
}

// bid makes a call that answers with a bid; decryption may take as long as a file.
func (c *Client) bid(ctx context.Context, id string, send func(context.Context) (*http.Response, error)) (platformapi.Bid, error) {
	return one(ctx, c, c.opts.Transfer, id, func(b platformapi.Bid) string { return b.ID }, send)
}

// outcome makes a call that answers with a receipt, and checks that it is about the bid.
func (c *Client) outcome(ctx context.Context, id string, send func(context.Context) (*http.Response, error)) (platformapi.BidOutcome, error) {
	var out platformapi.BidOutcome
	if err := c.call(ctx, c.opts.Transfer, &out, send); err != nil {
		return platformapi.BidOutcome{}, err
	}
	if out.Receipt.BidID != id || out.Bid.ID != id || out.Receipt.SHA256 != out.Bid.SHA256 {
		return platformapi.BidOutcome{}, nonsense("the receipt is for another bid", nil)
	}
	if err := c.believe(out.Receipt.Signature, func(uscc string, roots *smx509.CertPool) error {
		_, _, err := receipt.VerifyBid(out.Receipt, uscc, roots)
		return err
	}); err != nil {
		return platformapi.BidOutcome{}, err
	}
	return out, nil
}

// BeginBid says that a bid is about to be uploaded.
func (c *Client) BeginBid(ctx context.Context, key, tenderID string, n platformapi.NewBid) (platformapi.Bid, error) {
	return c.bid(ctx, n.ID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.BeginBid(ctx, tenderID, &platformapi.BeginBidParams{IdempotencyKey: header.FormatKey(key)}, n)
	})
}

// SendBid brings a bid's bytes to the platform.
func (c *Client) SendBid(ctx context.Context, b platformapi.Bid, content io.ReaderAt, progress func(done, total int64)) error {
	_, err := c.sendPieces(ctx, file{id: b.ID, size: b.Size, sha256: b.SHA256, content: content, progress: progress})
	return err
}

// CompleteBid hands in a bid.
func (c *Client) CompleteBid(ctx context.Context, key, bidID string) (platformapi.BidOutcome, error) {
	return c.outcome(ctx, bidID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.CompleteBid(ctx, bidID, &platformapi.CompleteBidParams{IdempotencyKey: header.FormatKey(key)})
	})
}

// WithdrawBid takes a bid back.
func (c *Client) WithdrawBid(ctx context.Context, key, bidID string) (platformapi.BidOutcome, error) {
	return c.outcome(ctx, bidID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.WithdrawBid(ctx, bidID, &platformapi.WithdrawBidParams{IdempotencyKey: header.FormatKey(key)})
	})
}

// BidReceipts are those given for a bid.
func (c *Client) BidReceipts(ctx context.Context, bidID string) ([]platformapi.BidReceipt, error) {
	var l platformapi.BidReceiptList
	err := c.read(ctx, &l, func(ctx context.Context) (*http.Response, error) { return c.wire.ListBidReceipts(ctx, bidID) })
	return l.Items, err
}

// DownloadBid streams a bid into dir.
func (c *Client) DownloadBid(ctx context.Context, b platformapi.Bid, dir string) (path string, err error) {
	return c.download(ctx, b.Size, b.SHA256, dir, func(ctx context.Context) (*http.Response, error) { return c.wire.DownloadBid(ctx, b.ID) })
}

// DownloadPart streams a part of an opened bid into dir.
func (c *Client) DownloadPart(ctx context.Context, bidID string, p platformapi.BidPart, dir string) (path string, err error) {
	return c.download(ctx, p.Size, "", dir, func(ctx context.Context) (*http.Response, error) { return c.wire.DownloadPart(ctx, bidID, p.Code) })
}

// CreateTender publishes a tender.
func (c *Client) CreateTender(ctx context.Context, key string, n platformapi.NewTender) (platformapi.Tender, error) {
	return c.tender(ctx, n.ID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.CreateTender(ctx, &platformapi.CreateTenderParams{IdempotencyKey: header.FormatKey(key)}, n)
	})
}

// Postpone moves a tender's deadline.
func (c *Client) Postpone(ctx context.Context, x platformapi.TenderChange, p platformapi.Postponement) (platformapi.Tender, error) {
	return c.tender(ctx, x.TenderID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.PostponeTender(ctx, x.TenderID, &platformapi.PostponeTenderParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: header.FormatETag(x.TenderID, x.Version)}, p)
	})
}

// Conduct is an act at the opening.
func (c *Client) Conduct(ctx context.Context, x platformapi.TenderChange, a platformapi.OpeningAct) (platformapi.Tender, error) {
	// At the start the platform takes its layer off every bid.
	return one(ctx, c, c.opts.Transfer, x.TenderID, tenderID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ConductOpening(ctx, x.TenderID, &platformapi.ConductOpeningParams{IdempotencyKey: header.FormatKey(x.Key), IfMatch: header.FormatETag(x.TenderID, x.Version)}, a)
	})
}

// AnswerObjection answers an objection.
func (c *Client) AnswerObjection(ctx context.Context, key, bidID, objectionID, text string) (platformapi.Bid, error) {
	return c.bid(ctx, bidID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.AnswerObjection(ctx, bidID, objectionID, &platformapi.AnswerObjectionParams{IdempotencyKey: header.FormatKey(key)}, platformapi.ObjectionAnswer{Text: text})
	})
}

// SignRecord adds a signature to the record.
func (c *Client) SignRecord(ctx context.Context, key, tenderID string, signature []byte) (platformapi.Tender, error) {
	return c.tender(ctx, tenderID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.SignRecord(ctx, tenderID, &platformapi.SignRecordParams{IdempotencyKey: header.FormatKey(key)}, platformapi.RecordSignature{Signature: signature})
	})
}

// SignIn is being present.
func (c *Client) SignIn(ctx context.Context, key, bidID string, s platformapi.SignIn) (platformapi.Bid, error) {
	return c.bid(ctx, bidID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.SignIn(ctx, bidID, &platformapi.SignInParams{IdempotencyKey: header.FormatKey(key)}, s)
	})
}

// TakeEnvelopes are those that wait for the bidder's key.
func (c *Client) TakeEnvelopes(ctx context.Context, bidID string) ([]platformapi.BidEnvelope, error) {
	var l platformapi.EnvelopeList
	err := c.read(ctx, &l, func(ctx context.Context) (*http.Response, error) { return c.wire.TakeEnvelopes(ctx, bidID) })
	return l.Items, err
}

// Decrypt hands over what the bidder's key found.
func (c *Client) Decrypt(ctx context.Context, key, bidID string, opened []platformapi.OpenedEnvelope) (platformapi.Bid, error) {
	return c.bid(ctx, bidID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.DecryptBid(ctx, bidID, &platformapi.DecryptBidParams{IdempotencyKey: header.FormatKey(key)}, platformapi.DecryptRequest{Envelopes: opened})
	})
}

// ReportFailure tells why the key found nothing.
func (c *Client) ReportFailure(ctx context.Context, key, bidID string, f platformapi.Failure) (platformapi.Bid, error) {
	return c.bid(ctx, bidID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ReportFailure(ctx, bidID, &platformapi.ReportFailureParams{IdempotencyKey: header.FormatKey(key)}, f)
	})
}

// BeginBackup says that a backup is about to be uploaded.
func (c *Client) BeginBackup(ctx context.Context, key, bidID string, n platformapi.NewBackup) (platformapi.Bid, error) {
	return c.bid(ctx, bidID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.BeginBackup(ctx, bidID, &platformapi.BeginBackupParams{IdempotencyKey: header.FormatKey(key)}, n)
	})
}

// SendBackup brings a backup's bytes to the platform.
func (c *Client) SendBackup(ctx context.Context, n platformapi.NewBackup, content io.ReaderAt, progress func(done, total int64)) error {
	_, err := c.sendPieces(ctx, file{id: n.UploadID, size: n.Size, sha256: n.SHA256, content: content, progress: progress})
	return err
}

// CompleteBackup puts the backup in the damaged file's place.
func (c *Client) CompleteBackup(ctx context.Context, key, bidID string) (platformapi.Bid, error) {
	return c.bid(ctx, bidID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.CompleteBackup(ctx, bidID, &platformapi.CompleteBackupParams{IdempotencyKey: header.FormatKey(key)})
	})
}

// Object objects to something at the read-out.
func (c *Client) Object(ctx context.Context, key, bidID string, o platformapi.NewObjection) (platformapi.Bid, error) {
	return c.bid(ctx, bidID, func(ctx context.Context) (*http.Response, error) {
		return c.wire.Object(ctx, bidID, &platformapi.ObjectParams{IdempotencyKey: header.FormatKey(key)}, o)
	})
}

// Credit is one's credit library.
func (c *Client) Credit(ctx context.Context) (platformapi.CreditLibrary, error) {
	var l platformapi.CreditLibrary
	err := c.read(ctx, &l, func(ctx context.Context) (*http.Response, error) { return c.wire.ListCredit(ctx) })
	return l, err
}

// PutCredit adds an entry or changes it.
func (c *Client) PutCredit(ctx context.Context, key, id string, e platformapi.CreditEntry) (platformapi.CreditItem, error) {
	return c.credit(ctx, id, func(ctx context.Context) (*http.Response, error) {
		return c.wire.PutCredit(ctx, id, &platformapi.PutCreditParams{IdempotencyKey: header.FormatKey(key)}, e)
	})
}

// RemoveCredit takes an entry out.
func (c *Client) RemoveCredit(ctx context.Context, key, id string) (platformapi.CreditItem, error) {
	return c.credit(ctx, id, func(ctx context.Context) (*http.Response, error) {
		return c.wire.RemoveCredit(ctx, id, &platformapi.RemoveCreditParams{IdempotencyKey: header.FormatKey(key)})
	})
}

func (c *Client) credit(ctx context.Context, id string, send func(context.Context) (*http.Response, error)) (platformapi.CreditItem, error) {
	return one(ctx, c, c.opts.Transfer, id, func(x platformapi.CreditItem) string { return x.ID }, send)
}

// SendCredit brings a file's bytes to the platform.
func (c *Client) SendCredit(ctx context.Context, f platformapi.NewCreditFile, size int64, content io.ReaderAt) error {
	_, err := c.sendPieces(ctx, file{id: f.UploadID, size: size, sha256: f.SHA256, content: content})
	return err
}

// DownloadCredit streams a file of an entry into dir.
func (c *Client) DownloadCredit(ctx context.Context, id string, f platformapi.CreditFile, dir string) (path string, err error) {
	return c.download(ctx, f.Size, f.SHA256, dir, func(ctx context.Context) (*http.Response, error) { return c.wire.DownloadCredit(ctx, id, f.SHA256) })
}
