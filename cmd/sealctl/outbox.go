package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/keyring"
)

type outboxCmd struct {
	List     outboxListCmd     `cmd:"" help:"outbox_list"`
	Show     outboxShowCmd     `cmd:"" help:"outbox_show"`
	Receipts outboxReceiptsCmd `cmd:"" help:"outbox_receipts"`
	Retry    outboxRetryCmd    `cmd:"" help:"outbox_retry"`
	Withdraw outboxWithdrawCmd `cmd:"" help:"outbox_withdraw"`
	SetAside outboxSetAsideCmd `cmd:"" help:"outbox_set_aside"`
}

// box opens the outbox that the window has, too, beside it.
func box(a *app, f boxFlags) (*outbox.Box, error) {
	dirs, err := f.folders(a)
	if err != nil {
		return nil, err
	}
	var ring vault.Keyring
	system, chosen := keyring.Chosen(a.getenv)
	if chosen {
		ring = system
	}
	b, err := desk.OpenOutbox(a.ctx, dirs, ring)
	if err == nil && chosen && b.KeyPlace() == vault.InFile {
		a.tui.warn("ctl.outbox.key_in_file")
	}
	return b, err
}

type outboxListCmd struct {
	boxFlags
	Party string `placeholder:"CODE" help:"party"`
}

// entryJSON is an entry of the outbox in the answers of this program.
type entryJSON struct {
	ID        string       `json:"id"`
	Party     string       `json:"party"`
	Contract  string       `json:"contract"`
	Op        outbox.Op    `json:"op"`
	Title     string       `json:"title"`
	SHA256    string       `json:"sha256"`
	State     outbox.State `json:"state"`
	CreatedAt time.Time    `json:"createdAt"`
	Attempts  int          `json:"attempts"`
	LastCode  string       `json:"lastCode"`
}

func describeEntry(e outbox.Entry) entryJSON {
	return entryJSON{e.ID, e.Org, e.ContractID, e.Op, e.Title, e.SHA256, e.State, e.CreatedAt, e.Attempts, e.LastCode}
}

func (a *app) printEntry(e entryJSON) {
	a.tui.print("%s\t%s\t%s\t%s\t%s", e.ID, string(e.State), e.Title, e.Party, e.LastCode)
}

// Run prints {"entries": [...]}: what has no receipt yet. It needs no login.
func (c *outboxListCmd) Run(a *app) error {
	all, err := readEntries(a, c.boxFlags, c.Party)
	if err != nil {
		return err
	}
	list := []entryJSON{}
	for _, e := range all {
		if e.State != outbox.Done {
			list = append(list, describeEntry(e))
		}
	}
	return a.tui.result(map[string]any{"entries": list}, func() {
		if len(list) == 0 {
			a.tui.warn("ctl.outbox.none")
		}
		for _, e := range list {
			a.printEntry(e)
		}
	})
}

// receiptJSON is a receipt in the answers of this program.
type receiptJSON struct {
	platformapi.Receipt
	Entry    string            `json:"entry"`
	Party    string            `json:"party"`
	Title    string            `json:"title"`
	Proof    desk.ReceiptProof `json:"proof"`    // valid, untrusted, broken or unsigned
	Platform string            `json:"platform"` // its address, as it was signed
	Signer   string            `json:"signer"`
}

func describeReceipt(r desk.Receipt) receiptJSON {
	return receiptJSON{r.Receipt, r.EntryID, r.USCC, r.Title, r.Proof, r.Platform, r.Signer}
}

func (a *app) printReceipt(v receiptJSON) {
	a.tui.print("%s\t%s\t%s\t%s\t%s", v.Number, a.words.Beijing(v.At, time.DateTime), v.Title, v.ContractID, a.words.T("receipt.proof_"+string(v.Proof)))
}

type outboxReceiptsCmd struct {
	boxFlags
	Party    string `placeholder:"CODE" help:"party"`
	Contract string `placeholder:"ID" help:"outbox_contract"`
	Trust    string `placeholder:"ROOTS.pem" help:"trust"`
}

// Run prints {"receipts": [...]}, the oldest first. It needs no login.
func (c *outboxReceiptsCmd) Run(a *app) error {
	entries, err := readEntries(a, c.boxFlags, c.Party)
	if err != nil {
		return err
	}
	roots, err := readRoots(c.Trust)
	if err != nil {
		return err
	}
	list := []receiptJSON{}
	for _, e := range entries {
		if r, ok := desk.ReceiptOf(e, roots); ok && (c.Contract == "" || r.ContractID == c.Contract) {
			list = append(list, describeReceipt(r))
		}
	}
	return a.tui.result(map[string]any{"receipts": list}, func() {
		if len(list) == 0 {
			a.tui.warn("ctl.outbox.no_receipts")
		}
		for _, v := range list {
			a.printReceipt(v)
		}
	})
}

// readEntries reads all entries of a party, with "" of all.
func readEntries(a *app, f boxFlags, party string) ([]outbox.Entry, error) {
	b, err := box(a, f)
	if err != nil {
		return nil, err
	}
	entries, err := b.Entries(a.ctx, party)
	return entries, errors.Join(err, b.Close())
}

type outboxShowCmd struct {
	boxFlags
	ID    string `arg:"" help:"outbox_id"`
	Out   string `short:"o" placeholder:"FILE.pdf" help:"outbox_pdf"`
	Trust string `placeholder:"ROOTS.pem" help:"trust"`
}

// Run prints {"entry": {...}, "receipt": {...} or null}, and with -o writes the receipt as a PDF.
func (c *outboxShowCmd) Run(a *app) error {
	entries, err := readEntries(a, c.boxFlags, "")
	if err != nil {
		return err
	}
	roots, err := readRoots(c.Trust)
	if err != nil {
		return err
	}
	for _, e := range entries {
		r, ok := desk.ReceiptOf(e, roots)
		if e.ID != c.ID && (!ok || r.Number != c.ID) {
			continue
		}
		var shown *receiptJSON
		if ok {
			v := describeReceipt(r)
			shown = &v
		}
		if c.Out != "" {
			if err := c.write(a, r, ok); err != nil {
				return err
			}
		}
		return a.tui.result(map[string]any{"entry": describeEntry(e), "receipt": shown}, func() {
			a.printEntry(describeEntry(e))
			if ok {
				a.printReceipt(*shown)
			}
			if c.Out != "" {
				a.tui.warn("ctl.outbox.saved", "file", c.Out)
			}
		})
	}
	return &outbox.Error{CodeValue: outbox.CodeUnknown, Detail: "there is no such entry"}
}

func (c *outboxShowCmd) write(a *app, r desk.Receipt, ok bool) error {
	if !ok {
		return fault("no_receipt")
	}
	return desk.WriteReceipt(a.words, "", "", r, c.Out)
}

type outboxRetryCmd struct {
	platformFlags
}

// Run logs in, sends what waits for that party and prints {"left": 0}. What the platform refuses again, or what cannot be sent, is an
// error, once nothing else goes.
func (c *outboxRetryCmd) Run(a *app, k *clerk) error {
	ctx, cancel := context.WithTimeout(a.ctx, c.Wait)
	defer cancel()
	changes := k.session.OutboxChanges(ctx)
	entries, err := k.session.Outbox(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.State == outbox.Waiting || e.State == outbox.Failed {
			if err := k.session.Retry(ctx, e.ID); err != nil {
				return err
			}
		}
	}
	for {
		left, going, failed, err := k.left(ctx)
		switch {
		case errors.Is(err, context.DeadlineExceeded) && a.ctx.Err() == nil:
			return fault("still_waiting", "wait", c.Wait.String())
		case err != nil:
			return err
		case failed != nil && going == 0:
			return failed
		case left == 0:
			return a.tui.result(map[string]int{"left": 0}, func() { a.tui.warn("ctl.outbox.sent") })
		}
		<-changes // closed when ctx ends
	}
}

// left counts what has no receipt, and of it what goes by itself, and tells of the first that failed: it holds back what follows
// in its contract.
func (c *clerk) left(ctx context.Context) (n, going int, failed, err error) {
	entries, err := c.session.Outbox(ctx)
	if err == nil {
		err = ctx.Err()
	}
	held := map[string]bool{}
	for _, e := range slices.Backward(entries) {
		switch {
		case e.State == outbox.Done:
			continue
		case e.State == outbox.Failed:
			held[e.ContractID] = true
			if failed == nil {
				failed = c.failure(e)
			}
		case !held[e.ContractID]:
			going++
		}
		n++
	}
	return n, going, failed, err
}

// failure says why an entry failed: for what the platform said, or for what happened here.
func (c *clerk) failure(e outbox.Entry) error {
	reason, ok := c.a.words.Sentence(e.LastCode, nil)
	if !ok {
		reason = e.LastCode
	}
	if e.FailedHere() {
		return fault("not_sent", "reason", reason)
	}
	return fault("refused", "reason", reason)
}

type outboxWithdrawCmd struct {
	boxFlags
	ID string `arg:"" help:"outbox_id"`
}

// Run prints {"withdrawn": ID}.
func (c *outboxWithdrawCmd) Run(a *app) error {
	b, err := box(a, c.boxFlags)
	if err != nil {
		return err
	}
	defer b.Close()
	entries, err := b.Entries(a.ctx, "")
	if err != nil {
		return err
	}
	if err := b.Withdraw(a.ctx, c.ID); err != nil {
		return err
	}
	said := "ctl.outbox.withdrawn"
	if slices.ContainsFunc(entries, func(e outbox.Entry) bool { return e.ID == c.ID && e.Damaged() }) {
		said = "ctl.outbox.discarded"
	}
	return a.tui.result(map[string]string{"withdrawn": c.ID}, func() { a.tui.warn(said) })
}

type outboxSetAsideCmd struct{ boxFlags }

// Run moves an outbox whose key is lost aside and prints {"aside": FOLDER}. One that can be read stays where it is.
func (c *outboxSetAsideCmd) Run(a *app) error {
	b, err := box(a, c.boxFlags)
	if err == nil {
		return errors.Join(b.Close(), fault("outbox_readable"))
	}
	if !platformapi.IsCode(err, vault.CodeKeyLost) {
		return err
	}
	dirs, err := c.folders(a)
	if err != nil {
		return err
	}
	aside, err := desk.SetAside(dirs)
	if err != nil {
		return err
	}
	return a.tui.result(map[string]string{"aside": aside}, func() { a.tui.warn("ctl.outbox.aside", "folder", aside) })
}
