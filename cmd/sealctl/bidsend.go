package main

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"time"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
)

type bidTendersCmd struct {
	platformFlags
	Words string `placeholder:"WORDS" help:"bid_words"`
}

// tenderJSON is a tender in the answers of this program.
type tenderJSON struct {
	ID        string                  `json:"id"`
	Number    string                  `json:"number"`
	Lot       string                  `json:"lot"`
	Name      string                  `json:"name"`
	Purchaser string                  `json:"purchaser"`
	Deadline  time.Time               `json:"deadline"`
	State     platformapi.TenderState `json:"state"`
	MyBid     string                  `json:"myBid"` // "" while there is none
}

// Run prints {"tenders": [...]}, the newest first.
func (c *bidTendersCmd) Run(a *app, k *clerk) error {
	list := []tenderJSON{}
	for q := (platformapi.TenderQuery{Words: c.Words, Limit: 200}); ; {
		page, err := k.session.Tenders(a.ctx, q)
		if err != nil {
			return err
		}
		for _, t := range page.Items {
			list = append(list, tenderJSON{t.ID, t.Number, t.LotNumber, t.Name, t.Purchaser.Name, t.Deadline, t.State, t.MyBidID})
		}
		if q.Cursor = page.More; q.Cursor == "" {
			break
		}
	}
	return a.tui.result(map[string]any{"tenders": list}, func() {
		for _, t := range list {
			a.tui.print("%s\t%s\t%s\t%s\t%s\t%s", t.ID, t.Number, t.Lot, a.words.Beijing(t.Deadline, "2006-01-02 15:04"), string(t.State), t.Name)
		}
	})
}

type bidOutlineCmd struct {
	platformFlags
	Tender string `arg:"" placeholder:"TENDER" help:"bid_tender"`
	Out    string `required:"" short:"o" placeholder:"FOLDER" help:"bid_outline_out"`
}

// Run writes outline.json, and the platform's certificates as platform-sm2.pem and platform-rsa.pem, to a new folder, and prints
// {"tender", "outline", "certificates"}.
func (c *bidOutlineCmd) Run(a *app, k *clerk) error {
	tender, err := k.session.Tender(a.ctx, c.Tender)
	if err != nil {
		return err
	}
	data, err := k.session.Outline(a.ctx, tender)
	if err != nil {
		return err
	}
	if err := os.Mkdir(c.Out, 0o700); err != nil {
		return fault("file_not_writable", "file", c.Out, "cause", err)
	}
	v := struct {
		Tender       string            `json:"tender"`
		Outline      string            `json:"outline"`
		Certificates map[string]string `json:"certificates"` // by the kind of key
	}{tender.ID, filepath.Join(c.Out, "outline.json"), map[string]string{}}
	if err := create(v.Outline, data); err != nil {
		return err
	}
	for _, x := range tender.PlatformCertificates {
		path := filepath.Join(c.Out, "platform-"+string(x.Algorithm)+".pem")
		if err := create(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: x.Certificate})); err != nil {
			return err
		}
		v.Certificates[string(x.Algorithm)] = path
	}
	return a.tui.result(v, func() {
		a.tui.print("%s", v.Outline)
		for _, x := range tender.PlatformCertificates { // in their order, which a map has not
			a.tui.print("%s", v.Certificates[string(x.Algorithm)])
		}
	})
}

type bidUploadCmd struct {
	platformFlags
	In     string `arg:"" placeholder:"IN.bid" help:"bid_file"`
	Tender string `required:"" placeholder:"TENDER" help:"bid_tender"`
}

// bidReceiptJSON is a receipt for a bid in the answers of this program.
type bidReceiptJSON struct {
	platformapi.BidReceipt
	Proof    desk.ReceiptProof `json:"proof"`
	Platform string            `json:"platform"`
	Signer   string            `json:"signer"`
}

func describeBidReceipt(r desk.BidReceipt) bidReceiptJSON {
	return bidReceiptJSON{r.BidReceipt, r.Proof, r.Platform, r.Signer}
}

func (a *app) printBidReceipt(r bidReceiptJSON) {
	a.tui.print("%s\t%s\t%s\t%s\t%s", r.Number, a.words.T("bid.kind_"+string(r.Kind)), a.words.Beijing(r.At, "2006-01-02 15:04:05.000"), r.BidID,
		a.words.T("receipt.proof_"+string(r.Proof)))
}

// Run prints the receipt. An upload that was cut goes on where it was.
func (c *bidUploadCmd) Run(a *app, k *clerk) error {
	tender, err := k.session.Tender(a.ctx, c.Tender)
	if err != nil {
		return err
	}
	show, end := a.tui.progress()
	defer end()
	out, err := k.session.SendBidFile(a.ctx, tender, c.In, bids.Progress(show))
	if err != nil {
		return err
	}
	end()
	v := describeBidReceipt(k.session.BidReceiptOf(out.Receipt, tender.Name))
	return a.tui.result(v, func() { a.printBidReceipt(v) })
}

type bidWithdrawCmd struct {
	platformFlags
	Bid string `arg:"" placeholder:"BID" help:"bid_id"`
}

// Run prints the receipt.
func (c *bidWithdrawCmd) Run(a *app, k *clerk) error {
	out, err := k.session.WithdrawBidByID(a.ctx, c.Bid)
	if err != nil {
		return err
	}
	v := describeBidReceipt(k.session.BidReceiptOf(out.Receipt, out.Bid.TenderName))
	return a.tui.result(v, func() { a.printBidReceipt(v) })
}

type bidListCmd struct {
	platformFlags
	Tender string `placeholder:"TENDER" help:"bid_tender"`
}

// Run prints {"bids": [...]}, the party's own, the newest first.
func (c *bidListCmd) Run(a *app, k *clerk) error {
	own, err := k.session.OwnBids(a.ctx, c.Tender)
	if err != nil {
		return err
	}
	if own == nil {
		own = []platformapi.Bid{}
	}
	return a.tui.result(map[string]any{"bids": own}, func() {
		for _, b := range own {
			a.tui.print("%s\t%s\t%s\t%s\t%d\t%s", b.ID, a.words.T("bid.sent."+string(b.State)), b.TenderNumber, b.Receipt, b.Size, b.TenderName)
		}
	})
}

type bidReceiptCmd struct {
	platformFlags
	Bid string `arg:"" placeholder:"BID" help:"bid_id"`
	Out string `short:"o" placeholder:"OUT.pdf" help:"bid_receipt_out"`
}

// Run prints {"receipts": [...]}, the oldest first; with --out the newest one becomes a PDF to be printed.
func (c *bidReceiptCmd) Run(a *app) error {
	if c.Out != "" {
		if err := mustBeFree(c.Out); err != nil {
			return err
		}
	}
	k, err := c.enter(a)
	if err != nil {
		return err
	}
	given, err := k.session.BidReceipts(a.ctx, c.Bid)
	if err != nil {
		return err
	}
	list := []bidReceiptJSON{}
	for i, r := range given {
		judged := k.session.BidReceiptOf(r, c.Bid)
		list = append(list, describeBidReceipt(judged))
		if c.Out != "" && i == len(given)-1 {
			if err := k.session.SaveBidReceipt(judged, c.Out); err != nil {
				return err
			}
		}
	}
	return a.tui.result(map[string]any{"receipts": list}, func() {
		for _, r := range list {
			a.printBidReceipt(r)
		}
	})
}
