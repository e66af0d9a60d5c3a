package main

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sealdesk/signer"
	"sealdesk/signer/batch"
	"sealdesk/signer/seal"
	"sealdesk/token/mobileca"
	"sealdesk/ui/desk"
)

type batchCmd struct {
	Sign batchSignCmd `cmd:"" help:"batch_sign"`
}

type batchSignCmd struct {
	Paths    []string `arg:"" help:"batch_paths"`
	Out      string   `required:"" short:"o" placeholder:"DIR" help:"batch_out"`
	Token    string   `required:"" placeholder:"URI" help:"token_uri"`
	Cert     string   `placeholder:"ID" help:"sign_cert"`
	PINFile  string   `name:"pin-file" placeholder:"FILE" help:"pin_file"`
	Seal     string   `xor:"seal" placeholder:"FILE" help:"sign_seal"`
	SealName string   `name:"seal-name" xor:"seal" placeholder:"ORG" help:"sign_seal_name"`
	At       []string `placeholder:"PLACE" sep:"none" help:"sign_at"`
	Reason   string   `placeholder:"TEXT" help:"sign_reason"`
	Accept   bool     `name:"accept-unknown" help:"sign_accept"`
	Clean    bool     `help:"batch_clean"`
	Check    bool     `help:"batch_check"`
	Jobs     int      `placeholder:"N" help:"batch_jobs"`
	trustFlags
}

// batchJSON is the answer of `batch sign`.
type batchJSON struct {
	Out     string              `json:"out"`
	Count   map[batch.State]int `json:"count"`
	Files   []batchFileJSON     `json:"files"`
	Stopped *failureBody        `json:"stopped,omitempty"` // why not all files were reached
}

type batchFileJSON struct {
	File    string       `json:"file"` // below out
	In      string       `json:"in"`
	State   batch.State  `json:"state"` // waiting, ready, signed, skipped or failed
	Earlier bool         `json:"earlier,omitempty"`
	Pages   int          `json:"pages,omitempty"`
	Digest  string       `json:"inputSHA256,omitempty"` // of what is signed
	SHA256  string       `json:"sha256,omitempty"`      // of the signed file
	Why     *failureBody `json:"why,omitempty"`
}

// Run prints {"out", "count", "files": [{"file", "in", "state", "inputSHA256", "sha256", "why"}], "stopped"}. Its error carries
// the outcome to the exit status: 1 when a file failed.
func (c *batchSignCmd) Run(a *app) error {
	places, err := placesOf(c.At)
	if err != nil {
		return err
	}
	trusted, err := c.options()
	if err != nil {
		return err
	}
	items, err := c.items()
	if err != nil {
		return err
	}
	a.asksFor(mobileca.Sign, a.words.T("scan.summary_batch", "count", len(items)), true)
	f, u, err := a.one(c.Token)
	if err != nil {
		return err
	}
	defer f.Close()
	id, err := f.signing(a.ctx, c.Cert)
	if err != nil {
		return err
	}
	mark, err := (&signCmd{Seal: c.Seal, SealName: c.SealName}).mark(id, places)
	if err != nil {
		return err
	}
	b := &batch.Batch{Items: items, Out: c.Out, Workers: c.Jobs, Job: signer.Job{
		Chain: chainOf(id), Seal: mark.picture, Electronic: mark.electronic, Places: places, Reason: c.Reason, AcceptUnknown: c.Accept,
		Roots: trusted.Roots, Makers: trusted.Makers, Forms: trusted.Forms,
	}}
	end, err := c.equip(a, b)
	if err != nil {
		return err
	}
	defer end()

	// All files are looked at before the PIN is asked: those that cannot be signed are told, the others are signed as they
	// were found.
	hide := c.progress(a, b, "batch.checking")
	checked, err := b.Check(a.ctx)
	hide()
	if err != nil {
		return err
	}
	rows := slices.Clone(checked)
	if c.Check {
		return c.tell(a, rows, nil)
	}
	b.Items = nil
	for _, o := range checked {
		if o.State == batch.Ready {
			o.Item.ExpectSHA256 = o.SourceSHA256
			b.Items = append(b.Items, o.Item)
		}
	}
	var stopped error
	if len(b.Items) > 0 {
		if b.Job.Key, err = a.key(f, u, id, c.PINFile); err != nil {
			return err
		}
		hide = c.progress(a, b, "batch.signing")
		var done []batch.Outcome
		done, stopped = b.Run(a.ctx)
		hide()
		if done == nil && stopped != nil {
			return stopped
		}
		for _, o := range done {
			i := slices.IndexFunc(rows, func(r batch.Outcome) bool { return r.Item.Name == o.Item.Name })
			rows[i] = o
		}
	}
	if err := desk.SaveBatchTable(a.words, c.Out, rows); err != nil {
		stopped = errors.Join(stopped, err)
	}
	return c.tell(a, rows, stopped)
}

// items are the documents of all paths; one that begins with @ is a list.
func (c *batchSignCmd) items() ([]batch.Item, error) {
	var paths []string
	for _, p := range c.Paths {
		list, ok := strings.CutPrefix(p, "@")
		if !ok {
			paths = append(paths, p)
			continue
		}
		listed, err := batch.ReadList(list)
		if err != nil {
			return nil, err
		}
		paths = append(paths, listed...)
	}
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil && len(paths) == 1 {
			return nil, fault("file_unreadable", "file", p, "cause", err)
		}
	}
	items, err := batch.List(paths, c.Out)
	if err == nil && len(items) == 0 {
		err = fault("batch_empty", "path", filepath.Clean(strings.Join(c.Paths, ", ")))
	}
	return items, err
}

// equip gives the batch the face of dates, and the page engine where places by keyword or clean copies want it.
func (c *batchSignCmd) equip(a *app, b *batch.Batch) (end func(), err error) {
	if b.Job.DateFont, err = desk.DateFont(); err != nil {
		return nil, err
	}
	keyword := slices.ContainsFunc(b.Job.Places, func(p seal.Place) bool { return p.Kind == seal.AtKeyword })
	if !keyword && !c.Clean {
		return func() {}, nil
	}
	renderer, err := newRenderer()
	if err != nil {
		return nil, err
	}
	if keyword {
		b.Find = func(path string) signer.Finder { return desk.Finder(renderer, path) }
	}
	if c.Clean {
		cleaner, err := newCleaner()
		if err != nil {
			return nil, err
		}
		b.Clean = desk.CleanWith(cleaner)
	}
	return func() { _ = renderer.Close() }, nil
}

// progress shows how many files are done.
func (c *batchSignCmd) progress(a *app, b *batch.Batch, step string) func() {
	show, end := a.tui.progress()
	done, total := int64(0), int64(len(b.Items))
	b.Told = func(batch.Outcome) {
		if done++; show != nil {
			show(step, done, total)
		}
	}
	return end
}

// tell prints what became of the files.
func (c *batchSignCmd) tell(a *app, rows []batch.Outcome, stopped error) error {
	v := batchJSON{Out: c.Out, Count: map[batch.State]int{}, Files: []batchFileJSON{}}
	for _, o := range rows {
		v.Count[o.State]++
		row := batchFileJSON{File: o.Item.Name, In: o.Item.In, State: o.State, Earlier: o.Earlier, Pages: o.Pages, Digest: o.SourceSHA256, SHA256: o.SHA256}
		if o.Err != nil {
			p := a.words.Problem(o.Err)
			row.Why = &failureBody{p.Code, p.What, p.Do}
		}
		v.Files = append(v.Files, row)
	}
	if stopped != nil {
		p := a.words.Problem(stopped)
		v.Stopped = &failureBody{p.Code, p.What, p.Do}
	}
	err := a.tui.result(v, func() {
		for _, f := range v.Files {
			name, why := f.File, ""
			if f.State != batch.Signed { // a Word document has another ending than its signed copy
				name = path.Join(path.Dir(f.File), filepath.Base(f.In))
			}
			if f.Why != nil {
				why = f.Why.What
			}
			a.tui.print("%s\t%s\t%s", a.words.T("batch.state."+string(f.State)), name, why)
		}
		a.tui.print("%s", a.words.T("ctl.batch.sum", "signed", v.Count[batch.Signed], "ready", v.Count[batch.Ready],
			"skipped", v.Count[batch.Skipped], "failed", v.Count[batch.Failed], "waiting", v.Count[batch.Waiting]))
		for _, g := range desk.BatchGroups(a.words, rows) {
			a.tui.print("  * %s", a.words.T("ctl.batch.group", "count", len(g.Names), "what", g.Problem.What, "do", g.Problem.Do))
		}
	})
	switch {
	case err != nil:
		return err
	case stopped != nil:
		return stopped
	case v.Count[batch.Failed] > 0:
		return fault("verdict", "verdict", "failed")
	}
	return nil
}
