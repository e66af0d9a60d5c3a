package platform

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
)

const (
	maxCurrent     = 50   // current attachments of a contract
	maxAttachments = 400  // of all rounds
	maxHistory     = 5000 // rows
	maxOpinion     = 500  // characters
)

// act is one person of one organisation doing something at one moment. Its methods are the contract's rules: each checks
// that the move is allowed and makes it, or returns a Fault and leaves the contract alone.
type act struct {
	org     platformapi.Organisation
	person  string
	now     time.Time
	version int64 // the version the person decided on
}

// roleIn is an organisation's part in a lot, "" when it has none.
func roleIn(l store.Lot, uscc string) platformapi.Role {
	switch uscc {
	case l.Purchaser.USCC:
		return platformapi.RolePurchaser
	case l.Supplier.USCC:
		return platformapi.RoleSupplier
	}
	return ""
}

func party(l store.Lot, r platformapi.Role) platformapi.Organisation {
	if r == platformapi.RolePurchaser {
		return l.Purchaser
	}
	return l.Supplier
}

func counterpart(r platformapi.Role) platformapi.Role {
	if r == platformapi.RolePurchaser {
		return platformapi.RoleSupplier
	}
	return platformapi.RolePurchaser
}

// visible says whether an organisation may know of a contract: its starter always, the other side from the first submission.
func visible(c *store.Contract, uscc string) bool {
	role := roleIn(c.Lot, uscc)
	return role == c.Starter || role != "" && !c.SubmittedAt.IsZero()
}

func errNotFound() *web.Fault {
	return web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such contract")
}

func refuse(c *store.Contract, status int, code, format string, args ...any) *web.Fault {
	f := web.Refuse(status, code, format, args...)
	f.State, f.Version = c.State, c.Version
	return f
}

// begin checks what every move needs: that the person may see the contract, decided on this version, and that it is this
// role's turn in one of these states.
func (a act) begin(c *store.Contract, role platformapi.Role, states ...platformapi.ContractState) error {
	if c == nil || !visible(c, a.org.USCC) {
		return errNotFound()
	}
	if c.Version != a.version {
		return refuse(c, http.StatusPreconditionFailed, platformapi.CodeVersionStale, "the contract was changed meanwhile")
	}
	if roleIn(c.Lot, a.org.USCC) != role {
		return refuse(c, http.StatusForbidden, platformapi.CodeWrongSide, "this is for the other side to do")
	}
	if !slices.Contains(states, c.State) {
		return refuse(c, http.StatusConflict, platformapi.CodeWrongState, "this is not possible in state %s", c.State)
	}
	if len(c.History) >= maxHistory {
		return refuse(c, http.StatusConflict, platformapi.CodeLimitReached, "the contract's history is full")
	}
	return nil
}

// note appends a row to the history.
func (a act) note(c *store.Contract, step platformapi.HistoryStep, opinion, sha256 string) error {
	before := ""
	if n := len(c.History); n > 0 {
		before = c.History[n-1].Hash
	}
	row := platformapi.HistoryRow{
		Seq: len(c.History) + 1, Round: c.Round, Step: step, Person: a.person, Organisation: a.org,
		ReceivedAt: c.ArrivedAt, HandledAt: a.now, Opinion: opinion, SHA256: sha256,
	}
	hash, err := platformapi.HistoryHash(c.ID, before, row)
	if err != nil {
		return err
	}
	row.Hash = hash
	c.History = append(c.History, row)
	return nil
}

// done ends a move.
func (a act) done(c *store.Contract, step platformapi.HistoryStep, opinion, sha256 string) (store.Effect, error) {
	c.Version++
	c.UpdatedAt = a.now
	return store.Effect{Kind: platformapi.ReceiptKind(step), SHA256: sha256}, a.note(c, step, opinion, sha256)
}

// drafting are the states in which a contract lies with its starter.
var drafting = []platformapi.ContractState{platformapi.StateDraft, platformapi.StateSealed, platformapi.StateReturned}

func (a act) create(l store.Lot, n platformapi.NewContract) (*store.Contract, store.Effect, error) {
	role := roleIn(l, a.org.USCC)
	if role == "" {
		return nil, store.Effect{}, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such lot")
	}
	if l.AwardSentAt.IsZero() || l.AwardSentAt.After(a.now) {
		return nil, store.Effect{}, web.Refuse(http.StatusConflict, platformapi.CodeLotNotAwarded, "the award notice was not sent out")
	}
	if err := checkFields(n.Fields, "/fields"); err != nil {
		return nil, store.Effect{}, err
	}
	c := &store.Contract{
		ID: n.ID, Lot: l, Starter: role, State: platformapi.StateDraft, Round: 1, Fields: n.Fields, CreatedAt: a.now, ArrivedAt: a.now,
	}
	effect, err := a.done(c, platformapi.HistoryCreate, "", "")
	return c, effect, err
}

func (a act) save(c *store.Contract, f platformapi.ContractFields) (store.Effect, error) {
	if err := a.begin(c, starterOf(c), drafting...); err != nil {
		return store.Effect{}, err
	}
	if err := checkFields(f, ""); err != nil {
		return store.Effect{}, err
	}
	if f == c.Fields {
		return store.Effect{Kind: platformapi.ReceiptSave}, nil
	}
	a.revise(c)
	breakSeal(c)
	c.Fields = f
	return a.done(c, platformapi.HistorySave, "", "")
}

// starterOf is safe for a contract that is not there; begin refuses that.
func starterOf(c *store.Contract) platformapi.Role {
	if c == nil {
		return ""
	}
	return c.Starter
}

func otherOf(c *store.Contract) platformapi.Role {
	if c == nil {
		return ""
	}
	return counterpart(c.Starter)
}

// revise begins the next round of a contract that was returned.
func (a act) revise(c *store.Contract) {
	if c.State == platformapi.StateReturned {
		c.State = platformapi.StateDraft
		c.Round++
	}
}

// breakSeal makes the seals of the current filing void. What was sealed stays readable, marked so.
func breakSeal(c *store.Contract) {
	for i := range c.Attachments {
		x := &c.Attachments[i]
		if x.Stage == platformapi.StageSealed && x.Round == c.Round && !x.Void {
			x.Void, x.Current = true, false
		}
	}
	if c.State == platformapi.StateSealed {
		c.State = platformapi.StateDraft
	}
}

func checkFields(f platformapi.ContractFields, at string) error {
	var wrong []platformapi.FieldError
	if f.SignedOn != "" {
		if _, err := time.Parse(time.DateOnly, f.SignedOn); err != nil {
			wrong = append(wrong, platformapi.FieldError{Pointer: at + "/signed_on", Detail: "not a day of the calendar"})
		}
	}
	for name, v := range map[string]string{"number": f.Number, "name": f.Name, "amount_reason": f.AmountReason} {
		if !plainText(v) {
			wrong = append(wrong, platformapi.FieldError{Pointer: at + "/" + name, Detail: "has characters that cannot be shown"})
		}
	}
	if wrong == nil {
		return nil
	}
	fault := web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "the form has wrong values")
	fault.Errors = wrong
	return fault
}

// plainText refuses control characters, and those that reverse or hide what stands beside them.
func plainText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 ||
			r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0xfeff
	})
}

// missing is what submission would still ask for.
func missing(c *store.Contract) []platformapi.Missing {
	var m []platformapi.Missing
	if c.Fields.AmountFen == 0 {
		m = append(m, platformapi.MissingAmount)
	}
	if c.Fields.TermDays == 0 {
		m = append(m, platformapi.MissingTerm)
	}
	if c.Fields.SignedOn == "" {
		m = append(m, platformapi.MissingSignedOn)
	}
	if current(c, platformapi.StageSealed) == nil {
		if current(c, platformapi.StageUploaded) == nil {
			m = append(m, platformapi.MissingFiling)
		}
		m = append(m, platformapi.MissingSeal)
	}
	return m
}

// current is the current filing of a stage, nil when there is none.
func current(c *store.Contract, stage platformapi.AttachmentStage) *store.Attachment {
	for i := range c.Attachments {
		if x := &c.Attachments[i]; x.Current && x.Kind == platformapi.KindFiling && x.Stage == stage {
			return x
		}
	}
	return nil
}

// firstSealed is the file that the starter sealed in this round and that the other side's seal is added to.
func firstSealed(c *store.Contract) *store.Attachment {
	for i := len(c.Attachments) - 1; i >= 0; i-- {
		x := &c.Attachments[i]
		if x.Stage == platformapi.StageSealed && x.Round == c.Round && !x.Void && x.By.USCC == party(c.Lot, c.Starter).USCC {
			return x
		}
	}
	return nil
}

// mayAttach says whether a file of this kind and stage may come from this person now. It is asked before a file is judged,
// and again when it is attached.
func (a act) mayAttach(c *store.Contract, kind platformapi.AttachmentKind, stage platformapi.AttachmentStage) error {
	countersigning := c != nil && stage == platformapi.StageSealed && roleIn(c.Lot, a.org.USCC) == otherOf(c)
	var err error
	if countersigning {
		err = a.begin(c, otherOf(c), platformapi.StateAwaiting, platformapi.StateCountersigned)
	} else {
		err = a.begin(c, starterOf(c), drafting...)
	}
	if err != nil {
		return err
	}
	if kind == platformapi.KindInvoice && stage == platformapi.StageSealed {
		return refuse(c, http.StatusBadRequest, platformapi.CodeBadRequest, "an invoice is not sealed here")
	}
	n := 0
	for _, x := range c.Attachments {
		if x.Current {
			n++
		}
	}
	if n >= maxCurrent || len(c.Attachments) >= maxAttachments {
		return refuse(c, http.StatusConflict, platformapi.CodeLimitReached, "the contract has too many attachments")
	}
	return nil
}

func (a act) attach(c *store.Contract, x platformapi.Attachment) (store.Effect, error) {
	if err := a.mayAttach(c, x.Kind, x.Stage); err != nil {
		return store.Effect{}, err
	}
	for _, y := range c.Attachments {
		if y.ID == x.ID {
			return store.Effect{}, refuse(c, http.StatusConflict, platformapi.CodeIDTaken, "an attachment of this id exists")
		}
	}
	a.revise(c)
	step := platformapi.HistoryAttach
	shared := false
	switch {
	case x.Kind == platformapi.KindInvoice:
	case x.Stage == platformapi.StageUploaded:
		if old := current(c, platformapi.StageUploaded); old != nil {
			old.Current = false
		}
		breakSeal(c)
	case roleIn(c.Lot, a.org.USCC) == c.Starter:
		breakSeal(c)
		c.State = platformapi.StateSealed
		step = platformapi.HistorySeal
	default:
		if old := current(c, platformapi.StageSealed); old != nil {
			old.Current = false
			old.Void = old.By.USCC == a.org.USCC
		}
		c.State = platformapi.StateCountersigned
		step, shared = platformapi.HistoryCountersign, true
	}
	x.Round, x.Current, x.Void = c.Round, true, false
	x.By, x.Person, x.UploadedAt = a.org, a.person, a.now
	c.Attachments = append(c.Attachments, store.Attachment{Attachment: x, Shared: shared})
	return a.done(c, step, "", x.SHA256)
}

// own finds a current attachment that this person's side may still change.
func (a act) own(c *store.Contract, id string) (*store.Attachment, error) {
	role := starterOf(c)
	states := drafting
	if c != nil && roleIn(c.Lot, a.org.USCC) == otherOf(c) {
		role, states = otherOf(c), []platformapi.ContractState{platformapi.StateCountersigned}
	}
	if err := a.begin(c, role, states...); err != nil {
		return nil, err
	}
	for i := range c.Attachments {
		x := &c.Attachments[i]
		if x.ID != id || x.By.USCC != a.org.USCC && !x.Shared {
			continue
		}
		if !x.Current || x.By.USCC != a.org.USCC {
			return nil, refuse(c, http.StatusConflict, platformapi.CodeAttachmentLocked, "this attachment cannot be changed any more")
		}
		return x, nil
	}
	return nil, errNotFound()
}

func (a act) detach(c *store.Contract, id string) (store.Effect, error) {
	x, err := a.own(c, id)
	if err != nil {
		return store.Effect{}, err
	}
	a.revise(c)
	sha256 := x.SHA256
	x.Current = false
	switch {
	case x.Kind == platformapi.KindInvoice:
	case c.State == platformapi.StateCountersigned:
		x.Void = true
		if first := firstSealed(c); first != nil {
			first.Current = true
		}
		c.State = platformapi.StateAwaiting
	default:
		x.Void = x.Stage == platformapi.StageSealed
		breakSeal(c)
	}
	return a.done(c, platformapi.HistoryDetach, "", sha256)
}

func (a act) setNote(c *store.Contract, id, text string) (store.Effect, error) {
	x, err := a.own(c, id)
	if err != nil {
		return store.Effect{}, err
	}
	if !plainText(text) {
		return store.Effect{}, refuse(c, http.StatusBadRequest, platformapi.CodeBadRequest, "the note has characters that cannot be shown")
	}
	x.Note = text
	return a.done(c, platformapi.HistoryNote, "", x.SHA256)
}

func (a act) submit(c *store.Contract, sha256 string) (store.Effect, error) {
	if err := a.begin(c, starterOf(c), drafting...); err != nil {
		return store.Effect{}, err
	}
	var wrong []platformapi.FieldError
	for _, m := range missing(c) {
		switch m {
		case platformapi.MissingFiling:
			return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFilingMissing, "no contract filing is attached")
		case platformapi.MissingSeal:
			return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFilingNotSealed, "the contract filing is not sealed")
		default:
			wrong = append(wrong, platformapi.FieldError{Pointer: "/" + string(m), Detail: "is required"})
		}
	}
	if wrong != nil {
		f := refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFieldsMissing, "required fields are empty")
		f.Errors = wrong
		return store.Effect{}, f
	}
	if current(c, platformapi.StageSealed).SHA256 != sha256 {
		return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFilingOther, "the sealed filing has another digest")
	}
	for i := range c.Attachments {
		x := &c.Attachments[i]
		x.Shared = x.Shared || x.Current && (x.Kind == platformapi.KindInvoice || x.Stage == platformapi.StageSealed)
	}
	c.State, c.Sent = platformapi.StateAwaiting, c.Fields
	c.SubmittedAt, c.ViewedAt = a.now, time.Time{}
	effect, err := a.done(c, platformapi.HistorySubmit, "", sha256)
	c.ArrivedAt = a.now
	return effect, err
}

func (a act) withdraw(c *store.Contract) (store.Effect, error) {
	if err := a.begin(c, starterOf(c), platformapi.StateAwaiting); err != nil {
		return store.Effect{}, err
	}
	breakSeal(c)
	c.State = platformapi.StateDraft
	effect, err := a.done(c, platformapi.HistoryWithdraw, "", "")
	c.ArrivedAt = a.now
	return effect, err
}

func (a act) agree(c *store.Contract, sha256, opinion string) (store.Effect, error) {
	if err := a.begin(c, otherOf(c), platformapi.StateAwaiting, platformapi.StateCountersigned); err != nil {
		return store.Effect{}, err
	}
	if c.State == platformapi.StateAwaiting {
		return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFilingNotSealed, "the contract does not carry this side's seal")
	}
	if current(c, platformapi.StageSealed).SHA256 != sha256 {
		return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFilingOther, "the filing sealed by both has another digest")
	}
	opinion = strings.TrimSpace(opinion)
	if !plainText(opinion) {
		return store.Effect{}, refuse(c, http.StatusBadRequest, platformapi.CodeBadRequest, "the opinion has characters that cannot be shown")
	}
	c.State, c.ConcludedAt = platformapi.StateConcluded, a.now
	return a.done(c, platformapi.HistoryAgree, opinion, sha256)
}

func (a act) refuse(c *store.Contract, opinion string) (store.Effect, error) {
	if err := a.begin(c, otherOf(c), platformapi.StateAwaiting, platformapi.StateCountersigned); err != nil {
		return store.Effect{}, err
	}
	opinion = strings.TrimSpace(opinion)
	if n := utf8.RuneCountInString(opinion); n == 0 || n > maxOpinion || !plainText(opinion) {
		return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeOpinionMissing, "an opinion of 1 to %d characters is required", maxOpinion)
	}
	breakSeal(c)
	c.State = platformapi.StateReturned
	effect, err := a.done(c, platformapi.HistoryRefuse, opinion, "")
	c.ArrivedAt = a.now
	return effect, err
}

func (a act) publish(c *store.Contract) (store.Effect, error) {
	if c != nil && visible(c, a.org.USCC) && roleIn(c.Lot, a.org.USCC) != platformapi.RolePurchaser {
		return store.Effect{}, refuse(c, http.StatusForbidden, platformapi.CodeNotPurchaser, "publishing is the purchaser's duty")
	}
	if err := a.begin(c, platformapi.RolePurchaser, platformapi.StateConcluded); err != nil {
		return store.Effect{}, err
	}
	if c.Publication != nil {
		return store.Effect{}, refuse(c, http.StatusConflict, platformapi.CodeAlreadyPublished, "the contract was published before")
	}
	sha256 := current(c, platformapi.StageSealed).SHA256
	c.Publication = &platformapi.Publication{PublishedAt: a.now, Person: a.person, SHA256: sha256}
	return a.done(c, platformapi.HistoryPublish, "", sha256)
}

func (a act) remove(c *store.Contract) (store.Effect, error) {
	if err := a.begin(c, starterOf(c), drafting...); err != nil {
		return store.Effect{}, err
	}
	breakSeal(c)
	c.State = platformapi.StateVoid
	return a.done(c, platformapi.HistoryDelete, "", "")
}

// view marks a submission as seen by the other side. It says whether there was anything to mark.
func (a act) view(c *store.Contract) (bool, error) {
	if roleIn(c.Lot, a.org.USCC) != otherOf(c) || c.State != platformapi.StateAwaiting || !c.ViewedAt.IsZero() || len(c.History) >= maxHistory {
		return false, nil
	}
	c.ViewedAt = a.now
	return true, a.note(c, platformapi.HistoryView, "", "")
}

// moves is what an organisation may do with a contract now.
func moves(c *store.Contract, uscc string) []platformapi.Move {
	role := roleIn(c.Lot, uscc)
	m := []platformapi.Move{}
	switch {
	case role == c.Starter && slices.Contains(drafting, c.State):
		m = append(m, platformapi.MoveSave, platformapi.MoveAttach, platformapi.MoveSeal, platformapi.MoveDelete)
		if c.State == platformapi.StateSealed && len(missing(c)) == 0 {
			m = append(m, platformapi.MoveSubmit)
		}
	case role == c.Starter && c.State == platformapi.StateAwaiting:
		m = append(m, platformapi.MoveWithdraw)
	case role != c.Starter && c.State == platformapi.StateAwaiting:
		m = append(m, platformapi.MoveCountersign, platformapi.MoveRefuse)
	case role != c.Starter && c.State == platformapi.StateCountersigned:
		m = append(m, platformapi.MoveCountersign, platformapi.MoveAgree, platformapi.MoveRefuse)
	case role == platformapi.RolePurchaser && c.State == platformapi.StateConcluded && c.Publication == nil:
		m = append(m, platformapi.MovePublish)
	}
	return m
}
