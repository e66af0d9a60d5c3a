package desk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/words"
)

// A Work is one contract on a party's desk. Its methods may be called from several goroutines; those that take long take
// a context and report progress. Whatever is typed or made is on disk when the method returns.
type Work struct {
	s   *Session
	dir string

	mu       sync.Mutex
	d        *draft
	received *received // the other side's sealed file, as it lies here
	shown    string    // digest of the file that the preview showed last
}

// received is a file that came from the platform, judged.
type received struct {
	file   File
	report *verify.Report
}

// A Progress is told how far long work has come: the step's key for words, and done of total (total 0: not known).
type Progress func(step string, done, total int64)

func (p Progress) report(step string, done, total int64) {
	if p != nil {
		p(step, done, total)
	}
}

// NewWork starts a contract for a lot (新增合同签订). Nothing is sent before the person saves or submits.
func (s *Session) NewWork(ctx context.Context, lot platformapi.Lot) (*Work, error) {
	if lot.Block != "" {
		return nil, fault("lot_blocked", nil, "lot", lot.Name, "block", string(lot.Block))
	}
	// A draft of this lot that was begun here and not sent goes on.
	if w, err := s.begun(ctx, lot.ID); w != nil || err != nil {
		return w, err
	}
	id := platformapi.NewID()
	dir := s.folder(id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, diskError(dir, err)
	}
	d := &draft{Contract: id, Lot: lot, Typed: platformapi.ContractFields{
		Name: lot.ProjectName + "合同", Number: lot.ProjectNumber, AmountFen: lot.AwardFen, SignedOn: time.Now().Format(time.DateOnly),
	}}
	if err := d.save(dir, time.Now()); err != nil {
		return nil, err
	}
	return s.work(ctx, d), nil
}

// Drafts lists contracts that were begun here and are not on the platform yet, the newest first.
func (s *Session) Drafts(ctx context.Context) ([]*Work, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "contracts"))
	if err != nil {
		return nil, diskError(s.dir, err)
	}
	var works []*Work
	var errs []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		d, err := loadDraft(filepath.Join(s.dir, "contracts", e.Name()))
		if err != nil {
			errs = append(errs, err) // one damaged draft does not hide the others
			continue
		}
		if d == nil {
			continue
		}
		if w := s.work(ctx, d); !w.created() {
			works = append(works, w)
		}
	}
	slices.SortFunc(works, func(a, b *Work) int { return b.d.Changed.Compare(a.d.Changed) })
	return works, errors.Join(errs...)
}

func (s *Session) begun(ctx context.Context, lotID string) (*Work, error) {
	works, err := s.Drafts(ctx)
	for _, w := range works {
		if w.d.Lot.ID == lotID {
			return w, nil
		}
	}
	return nil, err
}

// Open takes a contract onto the desk: what the platform tells, or what it told last when it cannot be reached.
func (s *Session) Open(ctx context.Context, id string) (*Work, error) {
	dir := s.folder(id)
	d, err := loadDraft(dir)
	if err != nil {
		return nil, err
	}
	if d != nil {
		w := s.work(ctx, d)
		if err := w.Refresh(ctx); err != nil && !(platformapi.Retryable(err) && w.known()) {
			return nil, err
		}
		return w, w.adopt(ctx)
	}
	c, err := s.platform.Contract(ctx, id)
	s.heard(err)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, diskError(dir, err)
	}
	w := s.work(ctx, &draft{Contract: c.Summary.ID, Lot: c.Lot, Typed: c.Summary.Fields, Sent: c.Summary.Fields})
	return w, w.learn(c)
}

func (s *Session) folder(id string) string { return filepath.Join(s.dir, "contracts", safeName(id)) }

// work gives the one Work of a contract, so that two pages never write the same draft.
func (s *Session) work(ctx context.Context, d *draft) *Work {
	s.mu.Lock()
	w := s.works[d.Contract]
	if w == nil {
		w = &Work{s: s, dir: s.folder(d.Contract), d: d}
		s.works[d.Contract] = w
	}
	s.mu.Unlock()
	entries := w.entries(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reconcile(entries)
	return w
}

func (w *Work) created() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.d.Created
}

// known tells whether the platform ever told of this contract.
func (w *Work) known() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.d.Known != nil
}

// Refresh asks the platform again, and brings the sealed file that it holds.
func (w *Work) Refresh(ctx context.Context) error {
	if !w.created() {
		return nil
	}
	c, err := w.s.platform.Contract(ctx, w.ID())
	w.s.heard(err)
	if platformapi.IsCode(err, platformapi.CodeNotFound) && !w.known() {
		return nil // its creation still waits in the outbox
	}
	if err != nil {
		return err
	}
	if err := w.learn(c); err != nil {
		return err
	}
	return w.Receive(ctx)
}

// learn takes over what the platform tells. What was typed here and not sent stays.
func (w *Work) learn(c platformapi.Contract) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.d
	if d.Known != nil && d.Known.Summary.Version > c.Summary.Version {
		return nil // an older answer that came late
	}
	if d.Typed == d.Sent {
		d.Typed = c.Summary.Fields
	}
	d.Sent = c.Summary.Fields
	if d.Known != nil && c.Summary.Round > d.Known.Summary.Round {
		w.dropSeal() // the round's seals are void; the clean file stays
	}
	d.Known, d.Lot = &c, c.Lot
	return d.save(w.dir, time.Now())
}

// ID is the contract's.
func (w *Work) ID() string { return w.d.Contract }

// An Action is something a person may do with a contract.
type Action string

// The actions of the pages' buttons.
const (
	ActionEdit     Action = "edit"     // type into the form, change files
	ActionSave     Action = "save"     // 修改保存
	ActionClean    Action = "clean"    // 清稿
	ActionSeal     Action = "seal"     // 加盖印章
	ActionSubmit   Action = "submit"   // 提交合同
	ActionWithdraw Action = "withdraw" // 撤回
	ActionAgree    Action = "agree"    // 同意
	ActionRefuse   Action = "refuse"   // 不同意
	ActionPublish  Action = "publish"  // 公示
	ActionDelete   Action = "delete"
)

// A View is the state of a contract as the pages show it. It is a copy: it does not change.
type View struct {
	ID          string
	Lot         platformapi.Lot
	State       platformapi.ContractState
	Round       int
	Version     int64
	Role        platformapi.Role // ours
	Starter     bool             // we started it
	Fields      platformapi.ContractFields
	Filing      Filing
	Invoices    []File
	Received    *File          // the other side's sealed file
	Verdict     *verify.Report // on Received
	Attachments []platformapi.Attachment
	History     []platformapi.HistoryRow
	Missing     []Field
	Unsaved     bool // typed or attached since it was last handed to the outbox
	Waiting     []outbox.Entry
	SubmittedAt time.Time
	ConcludedAt time.Time
	ViewedAt    time.Time
	Published   *platformapi.Publication
	Changed     time.Time
	why         map[Action]words.Problem
}

// Why gives the reason why an action cannot be done now; ok tells that it can.
func (v View) Why(a Action) (reason words.Problem, ok bool) {
	reason, blocked := v.why[a]
	return reason, !blocked
}

// Refusal is the opinion with which the other side sent the contract back, or empty.
func (v View) Refusal() string {
	if v.State != platformapi.StateReturned {
		return ""
	}
	for i := len(v.History) - 1; i >= 0; i-- {
		if v.History[i].Step == platformapi.HistoryRefuse {
			return v.History[i].Opinion
		}
	}
	return ""
}

// View is the state now.
func (w *Work) View(ctx context.Context) View {
	entries := w.entries(ctx)
	waiting := slices.DeleteFunc(slices.Clone(entries), func(e outbox.Entry) bool { return e.State == outbox.Done })
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reconcile(entries)
	d := w.d
	v := View{
		ID: d.Contract, Lot: d.Lot, State: platformapi.StateDraft, Round: 1, Role: d.Lot.MyRole, Starter: true,
		Fields: d.Typed, Filing: d.Filing, Invoices: slices.Clone(d.Invoices), Waiting: waiting, Changed: d.Changed,
	}
	if c := d.Known; c != nil {
		sum := c.Summary
		v.State, v.Round, v.Version, v.Role, v.Starter = sum.State, sum.Round, sum.Version, sum.MyRole, sum.MyRole == sum.Starter
		v.Attachments, v.History = c.Attachments, c.History
		v.SubmittedAt, v.ConcludedAt, v.ViewedAt, v.Published = sum.SubmittedAt, sum.ConcludedAt, sum.ViewedAt, sum.Publication
	}
	if w.received != nil {
		f := w.received.file
		v.Received, v.Verdict = &f, w.received.report
	}
	if v.Starter {
		v.Missing = missing(d.Typed, d.Lot, d.Filing)
	}
	v.Unsaved = w.unsaved()
	v.why = w.blocked(v)
	return v
}

// entries are this contract's in the outbox.
func (w *Work) entries(ctx context.Context) []outbox.Entry {
	all, err := w.s.desk.outbox.Entries(ctx, w.s.key.USCC)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(all, func(e outbox.Entry) bool { return e.ContractID != w.d.Contract })
}

// unsaved tells whether something here was not handed to the outbox yet.
func (w *Work) unsaved() bool {
	d := w.d
	return d.Typed != d.Sent || len(d.Removed) > 0 ||
		slices.ContainsFunc(w.files(), func(f *File) bool { return !f.Sent || f.Note != f.NoteSent })
}

// Type keeps what the person typed. A form that differs makes a seal void that was already put on: the page asks first.
func (w *Work) Type(f platformapi.ContractFields) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f == w.d.Typed {
		return nil
	}
	w.d.Typed = f
	w.dropSeal()
	return w.d.save(w.dir, time.Now())
}

// dropSeal forgets the sealed file of a contract that goes on being edited. The file itself stays in the folder, under a
// name that tells that it is void.
func (w *Work) dropSeal() {
	sealed := w.d.Filing.Sealed
	if sealed == nil {
		return
	}
	w.d.Filing.Sealed = nil
	if sealed.Sent {
		w.d.Removed = append(w.d.Removed, sealed.Attachment)
	}
	_ = os.Rename(w.path(sealed), filepath.Join(w.dir, "void-"+sealed.Path))
}

// update changes the draft and writes it.
func (w *Work) update(change func(d *draft)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w.d)
	return w.d.save(w.dir, time.Now())
}
