package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/ui/desk"
)

// left looks at what a client that was killed has left on its disk: a draft that it called safe, and in the outbox the
// signed contract that it called safe, whole. What is called done there the platform must know; that is looked for at the end.
func (w *worker) left(ctx context.Context, j job, promised map[string]bool) []string {
	var lost []string
	if promised[saidDrafted] {
		lost = append(lost, draftOf(ctx, j)...)
	}
	if !promised[saidSigned] {
		return lost
	}
	box, err := desk.OpenOutbox(ctx, desk.Folders{Data: j.Data}, nil)
	if err != nil {
		return append(lost, "the outbox cannot be opened: "+err.Error())
	}
	defer func() { _ = box.Close() }() // it was only read
	entries, err := box.Entries(ctx, "")
	if err != nil {
		return append(lost, "the outbox cannot be read: "+err.Error())
	}
	have := map[outbox.Op]int{}
	for _, e := range entries {
		have[e.Op]++
		if e.State == outbox.Failed {
			lost = append(lost, fmt.Sprintf("%s was refused: %s", e.Op, e.LastError))
		}
	}
	if have[outbox.OpCreate] != 1 || have[outbox.OpAttach] != 2 || have[outbox.OpSubmit] != 1 || len(entries) != 4 {
		lost = append(lost, fmt.Sprintf("the outbox has %v", have))
	}
	return lost
}

// draftOf looks for what was typed.
func draftOf(ctx context.Context, j job) []string {
	files, err := filepath.Glob(filepath.Join(j.Data, "parties", "*", "contracts", "*", "draft.json"))
	if err != nil || len(files) != 1 {
		return []string{fmt.Sprintf("%d drafts, %v", len(files), err)}
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		return []string{err.Error()}
	}
	v, err := vault.Open(ctx, filepath.Join(j.Data, "vault"), nil)
	if err != nil {
		return []string{"the vault: " + err.Error()}
	}
	text, err := v.Open("draft/"+filepath.Base(filepath.Dir(files[0])), data)
	if err != nil {
		return []string{"the draft: " + err.Error()}
	}
	var d struct{ Typed platformapi.ContractFields }
	if err := json.Unmarshal(text, &d); err != nil || d.Typed.Number != j.Number {
		return []string{fmt.Sprintf("the draft says %q, %v", d.Typed.Number, err)}
	}
	return nil
}

// filed asks the platform what it got: one contract of the run's lot, every step of its way once, the very bytes that were
// signed, and every receipt that the client has.
func (w *worker) filed(ctx context.Context, j job) []string {
	lost := w.left(ctx, j, map[string]bool{saidDrafted: true, saidSigned: true})
	wrong := func(format string, args ...any) []string { return append(lost, fmt.Sprintf(format, args...)) }
	p := w.audit
	box, err := desk.OpenOutbox(ctx, desk.Folders{Data: j.Data}, nil)
	if err != nil {
		return wrong("the outbox cannot be opened: %v", err)
	}
	entries, err := box.Entries(ctx, "")
	if err != nil || len(entries) == 0 || box.Close() != nil {
		return wrong("the outbox cannot be read: %v", err)
	}
	l, err := p.Lot(ctx, j.Lot)
	if err != nil {
		return wrong("the lot: %v", err)
	}
	if l.Block == "" {
		return wrong("the lot has no contract")
	}
	c, err := p.Contract(ctx, entries[0].ContractID)
	if err != nil {
		return wrong("the contract: %v", err)
	}
	steps := map[platformapi.HistoryStep]int{}
	for _, r := range c.History {
		steps[r.Step]++
	}
	for step, want := range map[platformapi.HistoryStep]int{
		platformapi.HistoryCreate: 1, platformapi.HistoryAttach: 1, platformapi.HistorySeal: 1, platformapi.HistorySubmit: 1,
	} {
		if steps[step] != want || len(c.History) != 4 {
			lost = wrong("filed: %v", steps)
		}
	}
	if c.Summary.State != platformapi.StateAwaiting || c.Summary.Fields.Number != j.Number {
		lost = wrong("filed in state %s as %q", c.Summary.State, c.Summary.Fields.Number)
	}
	receipts, err := p.Receipts(ctx, c.Summary.ID)
	if err != nil {
		return wrong("receipts: %v", err)
	}
	known := map[string]bool{}
	for _, r := range receipts {
		known[r.Number] = true
	}
	for _, e := range entries {
		if e.Receipt == nil || !known[e.Receipt.Number] {
			lost = wrong("%s is called done without a receipt of the platform", e.Op)
		}
	}
	if len(receipts) != len(entries) {
		lost = wrong("%d receipts for %d changes", len(receipts), len(entries))
	}
	return append(lost, w.bytes(ctx, c)...)
}

// bytes compares the filed file with the one that was signed.
func (w *worker) bytes(ctx context.Context, c platformapi.Contract) []string {
	for _, a := range c.Attachments {
		if a.Stage != platformapi.StageSealed || !a.Current {
			continue
		}
		path, err := w.audit.Download(ctx, c.Summary.ID, a, w.dir)
		if err != nil {
			return []string{"the filed file: " + err.Error()}
		}
		got, err := os.ReadFile(path)
		_ = os.Remove(path) // temporary
		want, wantErr := os.ReadFile(w.b.signed)
		if err != nil || wantErr != nil || sum(got) != sum(want) {
			return []string{strings.TrimSpace(fmt.Sprintf("the filed file is another one %v %v", err, wantErr))}
		}
		return nil
	}
	return []string{"no sealed file is filed"}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
