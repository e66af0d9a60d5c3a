package desk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/papers"
	"sealdesk/ui/desk/words"
)

// A Work is one contract on a party's desk. Its methods may be called from several goroutines; those that take long take
// a context and report progress. Whatever is typed or made is on disk when the method returns.
type Work struct {
	s   *Session
	id  string
	dir string

	shelf *papers.Shelf

	making  sync.Mutex // held while a clean copy or a seal is made
	sending sync.Mutex // held from judging what is to be sent until the outbox has it

	mu       sync.Mutex
	d        *draft
	unkept   bool      // what was typed is not on disk yet, because that failed
	received *received // the sealed file that the platform held last, as it lies here
	shown    string    // digest of the file that the preview showed last
	ahead    *ahead    // what was copied for the signature that is to come
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
	// A contract of this lot that was begun here and did not arrive yet goes on.
	works, _ := s.Drafts(ctx) // a damaged draft is told of by the list; it keeps nobody from beginning another one
	for _, w := range works {
		if w.isOn("", "") && w.lot() == lot.ID {
			return w, w.adopt(ctx)
		}
	}
	if lot.Block != "" {
		return nil, fault("lot_blocked", nil, "lot", lot.Name, "block", string(lot.Block))
	}
	const ending = "合同"
	return s.begin(ctx, &draft{Contract: platformapi.NewID(), Lot: lot, Typed: platformapi.ContractFields{
		Name:   cut(lot.ProjectName, maxName-length(ending)) + ending,
		Number: cut(lot.ProjectNumber, maxNumber), AmountFen: lot.AwardFen, SignedOn: today(time.Now()),
	}})
}

// begin makes the folder of a new draft.
func (s *Session) begin(ctx context.Context, d *draft) (*Work, error) {
	dir := s.folder(d.Contract)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, diskError(dir, err)
	}
	if err := d.save(s.vault, dir, time.Now()); err != nil {
		_ = os.Remove(dir) // it is empty
		return nil, err
	}
	return s.work(ctx, d), nil
}

// endings are what a later document's name ends with.
var endings = map[platformapi.ContractKind]string{
	platformapi.ContractSupplement: "补充合同", platformapi.ContractChange: "变更协议", platformapi.ContractTermination: "终止协议",
}

// NewAmendment starts a supplement, a change or a termination of a concluded contract, or goes on with one that was begun here.
func (s *Session) NewAmendment(ctx context.Context, parent View, kind platformapi.ContractKind) (*Work, error) {
	works, _ := s.Drafts(ctx) // as in NewWork
	for _, w := range works {
		if w.isOn(parent.ID, kind) {
			return w, w.adopt(ctx)
		}
	}
	if why, ok := parent.Why(ActionAmend); !ok {
		return nil, fault("not_allowed", nil, "reason", why.What)
	}
	ending := endings[kind]
	return s.begin(ctx, &draft{Contract: platformapi.NewID(), Kind: kind, Parent: parent.ID, Lot: parent.Lot, Typed: platformapi.ContractFields{
		Name: cut(strings.TrimSuffix(parent.Fields.Name, "合同"), maxName-length(ending)) + ending, SignedOn: today(time.Now()),
	}})
}

// isOn tells that a draft is a later document of this kind on a contract.
func (w *Work) isOn(parent string, kind platformapi.ContractKind) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.d.Parent == parent && w.d.Kind == kind
}

// Drafts lists contracts that were begun here and that the platform has not told of yet, the newest first: those that were
// not sent, and those that wait in the outbox. Together with an error, about drafts that cannot be read, come the others.
func (s *Session) Drafts(ctx context.Context) ([]*Work, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, contractsFolder))
	if err != nil {
		return nil, diskError(s.dir, err)
	}
	var works []*Work
	var errs []error
	for _, f := range entries {
		if !f.IsDir() {
			continue
		}
		w, err := s.onDesk(ctx, f.Name())
		if err != nil {
			errs = append(errs, err)
		}
		if w == nil {
			continue
		}
		w.catchUp(ctx) // it may have arrived since it was opened
		if !w.known() {
			works = append(works, w)
		}
	}
	slices.SortFunc(works, func(a, b *Work) int { return b.changed().Compare(a.changed()) })
	return works, errors.Join(errs...)
}

// Open takes a contract onto the desk: what the platform tells, or what is known here when it cannot be reached.
func (s *Session) Open(ctx context.Context, id string) (*Work, error) {
	w, err := s.onDesk(ctx, safeName(id))
	damaged := &Error{}
	switch {
	case w != nil:
		if err := w.Refresh(ctx); err != nil && !platformapi.Retryable(err) {
			return nil, err
		}
		return w, w.adopt(ctx)
	case err != nil && !(errors.As(err, &damaged) && damaged.code == "desk.draft_damaged"):
		return nil, err
	}
	c, askErr := s.platform.Contract(ctx, id)
	s.heard(askErr)
	if askErr != nil {
		return nil, errors.Join(err, askErr)
	}
	dir := s.folder(id)
	if err != nil {
		// The platform knows it: only what was not sent is lost, and stays in the file for who can mend it.
		aside := filepath.Join(dir, draftFile+".damaged-"+time.Now().Format("20060102-150405"))
		if err := os.Rename(filepath.Join(dir, draftFile), aside); err != nil {
			return nil, diskError(aside, err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, diskError(dir, err)
	}
	w = s.work(ctx, &draft{Contract: c.Summary.ID, Kind: c.Summary.Kind, Parent: c.Summary.ParentID, Lot: c.Lot, Typed: c.Summary.Fields, Sent: c.Summary.Fields})
	if err := w.learn(ctx, c); err != nil {
		return nil, err
	}
	if err := w.Receive(ctx); err != nil && !platformapi.Retryable(err) {
		return nil, err
	}
	return w, w.adopt(ctx)
}

func (s *Session) folder(id string) string {
	return filepath.Join(s.dir, contractsFolder, safeName(id))
}

// onDesk gives the contract that lies in a folder, nil when there is none.
func (s *Session) onDesk(ctx context.Context, folder string) (*Work, error) {
	s.mu.Lock()
	w := s.works[folder]
	s.mu.Unlock()
	if w != nil {
		return w, nil
	}
	dir := filepath.Join(s.dir, contractsFolder, folder)
	d, err := loadDraft(s.vault, dir)
	if d == nil || err != nil {
		return nil, err
	}
	return s.work(ctx, d), nil
}

// work gives the one Work of a contract, so that two pages never write the same draft.
func (s *Session) work(ctx context.Context, d *draft) *Work {
	folder := safeName(d.Contract)
	s.mu.Lock()
	w := s.works[folder]
	if w == nil {
		w = &Work{s: s, id: d.Contract, dir: filepath.Join(s.dir, contractsFolder, folder), d: d,
			shelf: s.home.shelf(s.vault, safeName(s.key.USCC), contractsFolder, folder)}
		s.works[folder] = w
	}
	s.mu.Unlock()
	w.catchUp(ctx)
	return w
}

// ID is the contract's.
func (w *Work) ID() string { return w.id }

func (w *Work) lot() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.d.Lot.ID
}

func (w *Work) changed() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.d.Changed
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
	w.catchUp(ctx)
	if !w.created() {
		return nil
	}
	c, err := w.s.platform.Contract(ctx, w.id)
	w.s.heard(err)
	if platformapi.IsCode(err, platformapi.CodeNotFound) && !w.known() {
		return nil // its creation still waits in the outbox
	}
	if err == nil {
		err = w.learn(ctx, c)
	}
	if err != nil && !platformapi.Retryable(err) {
		return err
	}
	return errors.Join(err, w.receive(ctx, err == nil))
}

// catchUp learns what the platform answered to changes that were delivered while nobody waited for them.
func (w *Work) catchUp(ctx context.Context) handover {
	contracts, _ := w.s.ledger.entries(ctx) // when the journal cannot be read, what was read last stands
	h := handed(contracts[w.id])
	w.mu.Lock()
	w.reconcile(h)
	have := int64(0)
	if w.d.Known != nil {
		have = w.d.Known.Summary.Version
	}
	w.mu.Unlock()
	if e := h.newest(); e != nil && e.Receipt.Version > have {
		// It is done: Wait comes back at once. A disk that is full now keeps nothing from being learnt the next time.
		if outcome, err := w.s.box.Wait(context.WithoutCancel(ctx), e.ID); err == nil {
			_ = w.learn(ctx, outcome.Contract)
		}
	}
	return h
}

// learn takes over what the platform tells. What was typed here and not sent stays. An error is the disk's: it was learnt
// nevertheless.
func (w *Work) learn(ctx context.Context, c platformapi.Contract) error {
	contracts, _ := w.s.ledger.entries(ctx)
	h := handed(contracts[w.id])
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.d.Known != nil && w.d.Known.Summary.Version > c.Summary.Version {
		return nil // an older answer that came late
	}
	w.reconcile(h) // before what is known changes: it tells what was typed from what was sent
	next := w.d.clone()
	next.Known, next.Lot, next.Created = &c, c.Lot, true
	if !h.form {
		if next.Typed == next.Sent {
			next.Typed = c.Summary.Fields
		}
		next.Sent, next.SentKey = c.Summary.Fields, ""
	}
	if next.sealBroken() {
		next.dropSeal() // the clean file stays
	}
	next.Removed = slices.DeleteFunc(next.Removed, func(id string) bool {
		a := next.attachment(id)
		return a != nil && !a.Current // it is out
	})
	err := w.keep(next)
	w.reconcile(h)
	return err
}

// reconcile tells from the outbox and from what the platform said which parts of the draft were handed over. w.mu is held.
func (w *Work) reconcile(h handover) {
	d := w.d
	d.Created = d.Known != nil || h.keys[d.Contract]
	if d.SentKey != "" && !h.keys[d.SentKey] {
		d.Sent, d.SentKey = d.fieldsKnown(), "" // it was refused or taken back
	}
	files := d.toSend()
	if d.Public != nil {
		files = append(files, &d.Public.File)
	}
	for _, f := range files {
		a := d.attachment(f.Attachment)
		f.Sent = a != nil || h.keys[f.Attachment]
		if a != nil && !h.sending {
			f.NoteSent = a.Note
		}
	}
}

// An Action is something a person may do with a contract.
type Action string

// The actions of the pages' buttons.
const (
	ActionEdit     Action = "edit"     // type into the form, change files
	ActionSave     Action = "save"     // 修改保存
	ActionClean    Action = "clean"    // 清稿
	ActionSeal     Action = "seal"     // 加盖印章
	ActionSubmit   Action = "submit"   // 提交合同, 推送审核, or where both agreed 提交签章
	ActionWithdraw Action = "withdraw" // 撤回
	ActionAgree    Action = "agree"    // 同意
	ActionRefuse   Action = "refuse"   // 不同意
	ActionUnseal   Action = "unseal"   // 撤回签章, where both agreed and the other has not sealed
	ActionPublish  Action = "publish"  // 公示
	ActionFile     Action = "file"     // 备案
	ActionAmend    Action = "amend"    // 补充, 变更, 终止
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
	Received    *File          // the sealed file that the platform holds: what was sent for review, or in the end the final one
	Verdict     *verify.Report // on Received
	Ours        *Paper         // what we hold against Received; nil when this machine has nothing of our own
	Attachments []platformapi.Attachment
	History     []platformapi.HistoryRow
	Missing     []Field // what is lacking before our next step: 提交合同, or for the other side 同意
	Unsaved     bool    // typed or attached since it was last handed to the outbox
	Waiting     []outbox.Entry
	SubmittedAt time.Time
	ConcludedAt time.Time
	ViewedAt    time.Time
	Published   *platformapi.Publication
	Kind        platformapi.ContractKind
	Parent      string // the contract that this one is a later document on
	ReviewFirst bool   // both agree before anybody seals
	OurSeal     bool   // where both agreed: the platform has our seal and not the other side's
	Public      *PublicCopy
	Filed       *platformapi.Filed
	Deadlines   []platformapi.Deadline
	Amendments  []platformapi.Amendment
	Terminated  time.Time
	Warnings    []platformapi.Warning
	Changed     time.Time
	why         map[Action]words.Problem
}

// Why gives the reason why an action cannot be done now; ok tells that it can.
func (v View) Why(a Action) (reason words.Problem, ok bool) {
	reason, blocked := v.why[a]
	return reason, !blocked
}

// Refusal is the opinion with which the contract was sent back, and whether it was we who did so; the opinion is empty when it
// is not sent back.
func (v View) Refusal() (opinion string, ours bool) {
	if v.State != platformapi.StateReturned {
		return "", false
	}
	for i := len(v.History) - 1; i >= 0; i-- {
		if h := v.History[i]; h.Step == platformapi.HistoryRefuse {
			return h.Opinion, (h.Organisation.USCC == v.Lot.Purchaser.USCC) == (v.Role == platformapi.RolePurchaser)
		}
	}
	return "", false
}

// View is the state now.
func (w *Work) View(ctx context.Context) View {
	h := w.catchUp(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.view(h)
}

// view is the state; w.mu is held.
func (w *Work) view(h handover) View {
	w.reconcile(h)
	d := w.d
	own := d.clone()
	v := View{
		ID: d.Contract, Lot: d.Lot, State: platformapi.StateDraft, Round: 1, Role: d.Lot.MyRole, Starter: true,
		Fields: d.Typed, Filing: own.Filing, Invoices: own.Invoices, Waiting: h.waiting(), Changed: d.Changed,
		Kind: d.kind(), Parent: d.Parent, ReviewFirst: d.reviewFirst(), Public: own.Public,
	}
	if c := d.Known; c != nil {
		sum := c.Summary
		v.State, v.Round, v.Version, v.Role, v.Starter = sum.State, sum.Round, sum.Version, sum.MyRole, d.starter()
		v.Attachments, v.History = slices.Clone(c.Attachments), slices.Clone(c.History)
		v.SubmittedAt, v.ConcludedAt, v.ViewedAt, v.Published = sum.SubmittedAt, sum.ConcludedAt, sum.ViewedAt, sum.Publication
		v.Filed, v.Deadlines, v.Terminated = sum.Filed, slices.Clone(sum.Deadlines), sum.TerminatedAt
		v.Amendments, v.Warnings = slices.Clone(c.Amendments), slices.Clone(c.Warnings)
		v.OurSeal = slices.Contains(sum.Moves, platformapi.MoveUnseal)
	} else if d.Lot.SignBy != nil && d.kind() == platformapi.ContractMain {
		v.Deadlines = []platformapi.Deadline{*d.Lot.SignBy}
	}
	for i := range v.Deadlines {
		// What was told before the term was over may be shown after it.
		if dl := &v.Deadlines[i]; dl.State != platformapi.DeadlineDone && !time.Now().Before(dl.DueAt) {
			dl.State = platformapi.DeadlineOver
		}
	}
	if r := w.toReview(); r != nil {
		f := r.file
		v.Received, v.Verdict = &f, r.report
		v.Ours = w.ours(v)
	}
	switch {
	case v.Starter && drafting(v.State):
		v.Missing = d.missing()
	case v.ReviewFirst && (v.State == platformapi.StateAgreed || v.State == platformapi.StateHalfSealed && !v.OurSeal) && d.Filing.Sealed == nil,
		!v.ReviewFirst && !v.Starter && v.State == platformapi.StateAwaiting && d.Filing.Sealed == nil:
		v.Missing = []Field{FieldSeal}
	}
	v.Unsaved = w.unsaved()
	v.why = w.blocked(v, h)
	return v
}

// toReview is the received file, if it is the one that the platform holds now. w.mu is held.
func (w *Work) toReview() *received {
	a, ok := w.d.underReview()
	if !ok || w.received == nil || w.received.file.SHA256 != a.SHA256 {
		return nil
	}
	return w.received
}

// unsaved tells whether something here was not handed to the outbox yet. w.mu is held.
func (w *Work) unsaved() bool {
	d := w.d
	return !d.Created || d.Typed != d.Sent || len(d.toDetach()) > 0 ||
		slices.ContainsFunc(d.toSend(), func(f *File) bool { return !f.Sent || f.Note != f.NoteSent })
}

// allowed is an error when an action cannot be done now. w.mu is held.
func (w *Work) allowed(ctx context.Context, a Action) error {
	contracts, _ := w.s.ledger.entries(ctx) // when the journal cannot be read, what was read last stands
	if why, ok := w.view(handed(contracts[w.id])).Why(a); !ok {
		return fault("not_allowed", nil, "reason", why.What)
	}
	return nil
}

// ask is allowed for those who do not hold w.mu yet.
func (w *Work) ask(ctx context.Context, a Action) error {
	w.catchUp(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.allowed(ctx, a)
}

// Type keeps what the person typed. A form that differs makes a seal void that was already put on: the page asks first.
func (w *Work) Type(f platformapi.ContractFields) error {
	f.Number, f.Name, f.AmountReason, f.Ground = unlined(f.Number), unlined(f.Name), unlined(f.AmountReason), unlined(f.Ground)
	w.mu.Lock()
	defer w.mu.Unlock()
	if f == w.d.Typed && !w.unkept {
		return nil
	}
	next := w.d.clone()
	if f != next.Typed {
		if err := w.allowed(context.Background(), ActionEdit); err != nil {
			return err
		}
		next = w.d.clone()
		next.Typed = f
		next.dropSeal()
	}
	return w.keep(next)
}

// edit changes the draft and writes it, if the contract may be edited now; when it cannot be written it stays as it was.
func (w *Work) edit(ctx context.Context, change func(d *draft)) error {
	w.catchUp(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.allowed(ctx, ActionEdit); err != nil {
		return err
	}
	return w.update(change)
}

// update changes the draft and writes it; when it cannot be written it stays as it was. w.mu is held.
func (w *Work) update(change func(d *draft)) error {
	next := w.d.clone()
	change(next)
	return w.take(next)
}

// keep is take for what must not be lost when it cannot be written: it is written with whatever is written next.
func (w *Work) keep(next *draft) error {
	err := w.take(next)
	if err != nil {
		w.d, w.unkept = next, true
	}
	return err
}

// take writes a changed draft and makes it the draft. Files that became void get a name that says so. w.mu is held.
func (w *Work) take(next *draft) error {
	if err := next.save(w.s.vault, w.dir, time.Now()); err != nil {
		return err
	}
	for _, name := range next.Void[min(len(w.d.Void), len(next.Void)):] {
		_ = w.shelf.Void(name) // the draft knows, whatever its name is
	}
	w.d, w.unkept = next, false
	return nil
}

// today is the day in Beijing, which a contract's terms are counted in.
func today(now time.Time) string { return now.In(words.Zone).Format(time.DateOnly) }
