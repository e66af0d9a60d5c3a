package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"sealdesk/assets/i18n"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox"
	"sealdesk/signer/seal"
	"sealdesk/token"
	"sealdesk/token/soft"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
)

// clientRole is the argument that makes the program the client of a run.
const clientRole = "client"

// A job is what a client is told on its standard input.
type job struct {
	Data   string // folder of its desk
	Keys   string // folder of its software key
	URL    string
	Lot    string
	Number string // of the contract, that it types into the form
	Word   string // the contract as it was uploaded
	Signed string // and as it was signed
}

// What a client says, a line each, once it is so.
const (
	saidDrafted = "drafted" // what was typed is on the disk
	saidSigned  = "signed"  // the signed contract is in the outbox
	saidFiled   = "filed"   // with a receipt
)

const (
	softPIN   = "246810"
	pieceSize = 4 << 10
	lineTime  = 2 * time.Second
	nudge     = 50 * time.Millisecond
)

// work is a person's work at a desk: it begins anew from what lies on the disk, however often it is killed.
func work(ctx context.Context, in io.Reader, out io.Writer) error {
	signal.Ignore(syscall.SIGXFSZ) // a limit on files' sizes is a full disk
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	catalog, err := words.New(i18n.Files, words.Chinese)
	if err != nil {
		return err
	}
	keys, err := soft.Open(j.Keys)
	if err != nil {
		return err
	}
	cfg := desk.Config{
		Words: catalog, Folders: desk.Folders{Data: j.Data, Cache: j.Data + "-cache"}, Drivers: []token.Driver{keys}, PlatformName: "soak",
		SealFont: &seal.Font{}, // no seal is drawn here
		Connect: func(ctx context.Context, key desk.PlatformKey) (platformapi.Platform, error) {
			return client.Login(ctx, j.URL, key.Signer, key.Chain, client.Options{Timeout: lineTime, Transfer: lineTime, Piece: pieceSize})
		},
	}
	var d *desk.Desk
	if err := patiently(ctx, func() error { d, err = desk.Open(ctx, cfg); return err }); err != nil {
		return err
	}
	c := &hand{job: j, desk: d, out: out}
	if c.box, err = desk.OpenOutbox(ctx, cfg.Folders, nil); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{c.login, c.draft, c.handOver} {
		if err := patiently(ctx, func() error { return step(ctx) }); err != nil {
			return err
		}
	}
	return c.wait(ctx)
}

// patiently tries again and again what the line or the disk may keep from being done, as a person does.
func patiently(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if _, coded := errors.AsType[interface {
			error
			Code() string
		}](err); !coded {
			return err
		}
		time.Sleep(nudge)
	}
}

// hand is what a person does.
type hand struct {
	job
	desk    *desk.Desk
	box     *outbox.Box
	session *desk.Session
	work    *desk.Work
	out     io.Writer
}

func (c *hand) login(ctx context.Context) error {
	keys, err := c.desk.Keys(ctx)
	if err != nil {
		return err
	}
	if len(keys) != 1 {
		return fmt.Errorf("%d keys", len(keys))
	}
	c.session, err = c.desk.Login(ctx, desk.LoginRequest{Key: keys[0], PIN: []byte(softPIN)})
	return err
}

// draft takes up the contract, or begins it.
func (c *hand) draft(ctx context.Context) error {
	entries, err := c.box.Entries(ctx, "")
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		c.work, err = c.session.Open(ctx, entries[0].ContractID)
	} else {
		var lot platformapi.Lot
		lots, listErr := c.session.Lots(ctx, "")
		for _, l := range lots {
			if l.ID == c.Lot {
				lot = l
			}
		}
		if listErr != nil {
			return listErr
		}
		c.work, err = c.session.NewWork(ctx, lot)
	}
	if err != nil {
		return err
	}
	view := c.work.View(ctx)
	if len(entries) > 0 {
		return nil
	}
	fields := view.Fields
	fields.Number, fields.TermDays = c.Number, 30
	if err := c.work.Type(fields); err != nil {
		return err
	}
	fmt.Fprintln(c.out, saidDrafted)
	if view.Filing.Original == nil {
		return c.work.AttachFiling(ctx, c.Word)
	}
	return nil
}

// handOver puts the contract, its file and the signed file into the outbox.
func (c *hand) handOver(ctx context.Context) error {
	entries, err := c.box.Entries(ctx, "")
	if err != nil {
		return err
	}
	submitted := false
	for _, e := range entries {
		submitted = submitted || e.Op == outbox.OpSubmit
	}
	if !submitted {
		if len(entries) == 0 {
			if _, err := c.work.Save(ctx); err != nil {
				return err
			}
		}
		f, err := os.Open(c.Signed)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		size, err := io.Copy(h, f)
		if err != nil {
			return err
		}
		sum, id := hex.EncodeToString(h.Sum(nil)), platformapi.NewID()
		r := outbox.Request{Org: c.session.Key().USCC, ContractID: c.work.ID(), Title: c.Number}
		attach, submit := r, r
		attach.Op, attach.Key, attach.Upload = outbox.OpAttach, id, platformapi.Upload{
			ID: id, Kind: platformapi.KindFiling, Stage: platformapi.StageSealed, Name: filepath.Base(c.Signed), Size: size, SHA256: sum, Content: f,
		}
		submit.Op, submit.SHA256 = outbox.OpSubmit, sum
		if _, err := c.box.AddAll(ctx, []outbox.Request{attach, submit}); err != nil {
			return err
		}
	}
	fmt.Fprintln(c.out, saidSigned)
	return nil
}

// wait waits until all is filed. It presses 立即重试 all the time, and logs in again when the session ends.
func (c *hand) wait(ctx context.Context) error {
	for ctx.Err() == nil {
		entries, err := c.box.Entries(ctx, "")
		left := 0
		for _, e := range entries {
			switch e.State {
			case outbox.Failed:
				return fmt.Errorf("the platform refused %s: %s: %s", e.Op, e.LastCode, e.LastError)
			case outbox.Waiting, outbox.Sending:
				left++
			}
		}
		if err == nil && left == 0 {
			fmt.Fprintln(c.out, saidFiled)
			return nil
		}
		if c.session.Closed() {
			if err := patiently(ctx, func() error { return c.login(ctx) }); err != nil {
				return err
			}
		}
		_ = c.box.RetryAll(ctx) // otherwise each goes at its own time
		time.Sleep(nudge)
	}
	return ctx.Err()
}
