package platform

import (
	"cmp"
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

// create starts a contract. parent is the contract that an amendment is on, nil when there is none that this party may see.
func (a act) create(l store.Lot, parent *store.Contract, order platformapi.SealOrder, n platformapi.NewContract) (*store.Contract, store.Effect, error) {
	role := roleIn(l, a.org.USCC)
	if role == "" {
		return nil, store.Effect{}, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such lot")
	}
	switch blockOf(l, a.now) {
	case platformapi.BlockSecret:
		return nil, store.Effect{}, web.Refuse(http.StatusConflict, platformapi.CodeLotSecret, "the lot is secret; its contract is not signed on line")
	case platformapi.BlockAwardNotSent:
		return nil, store.Effect{}, web.Refuse(http.StatusConflict, platformapi.CodeLotNotAwarded, "the award notice was not sent out")
	}
	if err := checkFields(n.Fields, "/fields"); err != nil {
		return nil, store.Effect{}, err
	}
	c := &store.Contract{
		ID: n.ID, Lot: l, Kind: cmp.Or(n.Kind, platformapi.ContractMain), ParentID: n.ParentID, Parent: parent, Order: order,
		Starter: role, State: platformapi.StateDraft, Round: 1, Fields: n.Fields, CreatedAt: a.now, ArrivedAt: a.now,
	}
	if (c.Kind == platformapi.ContractMain) != (c.ParentID == "") {
		return nil, store.Effect{}, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "parent_id and kind do not go together")
	}
	if c.ParentID != "" {
		if err := mayAmend(parent, l); err != nil {
			return nil, store.Effect{}, err
		}
	}
	effect, err := a.done(c, platformapi.HistoryCreate, "", "")
	return c, effect, err
}

// mayAmend says whether a later document may be begun on a contract. That no other one is begun at the same moment is the
// store's to see to.
func mayAmend(parent *store.Contract, l store.Lot) error {
	switch {
	case parent == nil || parent.Lot.ID != l.ID:
		return errNotFound()
	case parent.ParentID != "":
		return refuse(parent, http.StatusConflict, platformapi.CodeWrongState, "an amendment is on a contract, not on another amendment")
	case parent.State != platformapi.StateConcluded:
		return refuse(parent, http.StatusConflict, platformapi.CodeWrongState, "only a concluded contract is amended")
	case !terminatedAt(parent).IsZero():
		return refuse(parent, http.StatusConflict, platformapi.CodeTerminated, "the contract was terminated")
	}
	return nil
}

// terminatedAt is when a termination of a contract was concluded.
func terminatedAt(c *store.Contract) time.Time {
	for _, x := range c.Amendments {
		if x.Kind == platformapi.ContractTermination && x.State == platformapi.StateConcluded {
			return x.ConcludedAt
		}
	}
	return time.Time{}
}

// amending says whether an amendment is under way.
func amending(c *store.Contract) bool {
	return slices.ContainsFunc(c.Amendments, func(x store.Contract) bool { return x.State != platformapi.StateConcluded })
}

// reviewFirst says that both agree before anybody seals.
func reviewFirst(c *store.Contract) bool { return c.Order == platformapi.OrderReviewFirst }

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
	for name, v := range map[string]string{"number": f.Number, "name": f.Name, "amount_reason": f.AmountReason, "ground": f.Ground} {
		if !platformapi.IsPlain(v) {
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

// missing is what submission would still ask for. A change may leave the sum as it is, and a termination has neither sum nor
// term; both need a ground.
func missing(c *store.Contract) []platformapi.Missing {
	var m []platformapi.Missing
	main := c.Kind == platformapi.ContractMain
	for _, x := range []struct {
		lacks bool
		what  platformapi.Missing
	}{
		{c.Fields.AmountFen == 0 && (main || c.Kind == platformapi.ContractSupplement), platformapi.MissingAmount},
		{c.Fields.TermDays == 0 && main, platformapi.MissingTerm},
		{c.Fields.SignedOn == "", platformapi.MissingSignedOn},
		{strings.TrimSpace(c.Fields.Ground) == "" && !main, platformapi.MissingGround},
		{current(c, toSubmit(c)) == nil && current(c, platformapi.StageUploaded) == nil, platformapi.MissingFiling},
	} {
		if x.lacks {
			m = append(m, x.what)
		}
	}
	switch {
	case current(c, toSubmit(c)) != nil:
	case reviewFirst(c):
		m = append(m, platformapi.MissingClean)
	default:
		m = append(m, platformapi.MissingSeal)
	}
	return m
}

// toSubmit is the stage of the filing that goes to the other side.
func toSubmit(c *store.Contract) platformapi.AttachmentStage {
	if reviewFirst(c) {
		return platformapi.StageClean
	}
	return platformapi.StageSealed
}

// current is the current filing of a stage, nil when there is none.
func current(c *store.Contract, stage platformapi.AttachmentStage) *store.Attachment {
	return currentOf(c, platformapi.KindFiling, stage)
}

func currentOf(c *store.Contract, kind platformapi.AttachmentKind, stage platformapi.AttachmentStage) *store.Attachment {
	for i := range c.Attachments {
		if x := &c.Attachments[i]; x.Current && x.Kind == kind && x.Stage == stage {
			return x
		}
	}
	return nil
}

// firstSealed is the file that one side sealed in this round and that the other side's seal is added to.
func firstSealed(c *store.Contract) *store.Attachment {
	for i := len(c.Attachments) - 1; i >= 0; i-- {
		x := &c.Attachments[i]
		if x.Stage == platformapi.StageSealed && x.Round == c.Round && !x.Void && (reviewFirst(c) || x.By.USCC == party(c.Lot, c.Starter).USCC) {
			return x
		}
	}
	return nil
}

// baseOf is the file that an organisation's seal is to be added to, nil where it seals a file of its own: the clean copy that
// both agreed to, or what the other side sealed.
func baseOf(c *store.Contract, org platformapi.Organisation) *store.Attachment {
	switch {
	case c.State == platformapi.StateAgreed:
		return current(c, platformapi.StageClean)
	case c.State == platformapi.StateHalfSealed, roleIn(c.Lot, org.USCC) != c.Starter:
		return firstSealed(c)
	}
	return nil
}

// mayAddSeal says whether this side may seal a contract that both agreed to: each of them, then who has not sealed yet.
func (a act) mayAddSeal(c *store.Contract) bool {
	switch c.State {
	case platformapi.StateAgreed:
		return true
	case platformapi.StateHalfSealed:
		return c.HalfSealed != roleIn(c.Lot, a.org.USCC)
	}
	return false
}

// mayAttach says whether a file of this kind and stage may come from this person now. It is asked before a file is judged,
// and again when it is attached.
func (a act) mayAttach(c *store.Contract, kind platformapi.AttachmentKind, stage platformapi.AttachmentStage) error {
	if err := a.turnToAttach(c, kind, stage); err != nil {
		return err
	}
	switch {
	case kind != platformapi.KindFiling && stage != platformapi.StageUploaded:
		return refuse(c, http.StatusBadRequest, platformapi.CodeBadRequest, "only a contract filing is cleaned or sealed here")
	case stage == platformapi.StageClean && !reviewFirst(c):
		return refuse(c, http.StatusBadRequest, platformapi.CodeBadRequest, "here a contract is sealed before it is submitted")
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

// turnToAttach says whether it is this person's turn to attach such a file.
func (a act) turnToAttach(c *store.Contract, kind platformapi.AttachmentKind, stage platformapi.AttachmentStage) error {
	own := platformapi.Role("")
	if c != nil {
		own = roleIn(c.Lot, a.org.USCC)
	}
	switch {
	case kind == platformapi.KindPublication:
		return a.beginPublic(c)
	case stage == platformapi.StageSealed && c != nil && reviewFirst(c):
		if err := a.begin(c, own, platformapi.StateAgreed, platformapi.StateHalfSealed); err != nil {
			return err
		}
		if !a.mayAddSeal(c) {
			return refuse(c, http.StatusConflict, platformapi.CodeWrongState, "this side has sealed; it is for the other to seal")
		}
		return nil
	case stage == platformapi.StageSealed && own == otherOf(c):
		return a.begin(c, otherOf(c), platformapi.StateAwaiting, platformapi.StateCountersigned)
	}
	return a.begin(c, starterOf(c), drafting...)
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
	step, shared := platformapi.HistoryAttach, false
	switch {
	case x.Kind == platformapi.KindInvoice:
	case x.Kind == platformapi.KindPublication:
		replace(c, x.Kind, x.Stage)
		shared = true
	case x.Stage == platformapi.StageUploaded:
		replace(c, x.Kind, x.Stage)
		replace(c, x.Kind, platformapi.StageClean) // it was another document's
		breakSeal(c)
	case x.Stage == platformapi.StageClean:
		replace(c, x.Kind, x.Stage)
	default:
		step, shared = a.sealOn(c)
	}
	x.Round, x.Current, x.Void = c.Round, true, false
	x.By, x.Person, x.UploadedAt = a.org, a.person, a.now
	c.Attachments = append(c.Attachments, store.Attachment{Attachment: x, Shared: shared})
	effect, err := a.done(c, step, "", x.SHA256)
	if c.State == platformapi.StateHalfSealed {
		c.ArrivedAt = a.now // with the other side
	}
	return effect, err
}

// replace makes way for another file of a kind and stage.
func replace(c *store.Contract, kind platformapi.AttachmentKind, stage platformapi.AttachmentStage) {
	if old := currentOf(c, kind, stage); old != nil {
		old.Current = false
	}
}

// sealOn makes the move that a sealed file is, and says whether the other side sees the file at once.
func (a act) sealOn(c *store.Contract) (step platformapi.HistoryStep, shared bool) {
	switch {
	case c.State == platformapi.StateAgreed:
		c.State, c.HalfSealed = platformapi.StateHalfSealed, roleIn(c.Lot, a.org.USCC)
		return platformapi.HistorySeal, true
	case c.State == platformapi.StateHalfSealed:
		replace(c, platformapi.KindFiling, platformapi.StageSealed)
		c.State, c.HalfSealed, c.ConcludedAt = platformapi.StateConcluded, "", a.now
		return platformapi.HistoryCountersign, true
	case roleIn(c.Lot, a.org.USCC) == c.Starter:
		breakSeal(c)
		c.State = platformapi.StateSealed
		return platformapi.HistorySeal, false
	}
	if old := current(c, platformapi.StageSealed); old != nil {
		old.Current = false
		old.Void = old.By.USCC == a.org.USCC
	}
	c.State = platformapi.StateCountersigned
	return platformapi.HistoryCountersign, true
}

// own finds a current attachment that this person's side may still change.
func (a act) own(c *store.Contract, id string) (*store.Attachment, error) {
	role, states := starterOf(c), drafting
	switch {
	case c == nil:
	case c.State == platformapi.StateHalfSealed:
		role, states = roleIn(c.Lot, a.org.USCC), []platformapi.ContractState{platformapi.StateHalfSealed}
	case c.State == platformapi.StateConcluded && c.Publication == nil && roleIn(c.Lot, a.org.USCC) == platformapi.RolePurchaser:
		role, states = platformapi.RolePurchaser, []platformapi.ContractState{platformapi.StateConcluded}
	case roleIn(c.Lot, a.org.USCC) == otherOf(c):
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
		locked := !x.Current || x.By.USCC != a.org.USCC
		switch c.State {
		case platformapi.StateHalfSealed, platformapi.StateCountersigned:
			locked = locked || x.Stage != platformapi.StageSealed
		case platformapi.StateConcluded:
			locked = locked || x.Kind != platformapi.KindPublication
		}
		if locked {
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
	case x.Kind != platformapi.KindFiling:
	case c.State == platformapi.StateHalfSealed:
		x.Void = true
		c.State, c.HalfSealed = platformapi.StateAgreed, ""
	case c.State == platformapi.StateCountersigned:
		x.Void = true
		if first := firstSealed(c); first != nil {
			first.Current = true
		}
		c.State = platformapi.StateAwaiting
	default:
		x.Void = x.Stage == platformapi.StageSealed
		if x.Stage == platformapi.StageUploaded {
			replace(c, x.Kind, platformapi.StageClean)
		}
		breakSeal(c)
	}
	return a.done(c, platformapi.HistoryDetach, "", sha256)
}

func (a act) setNote(c *store.Contract, id, text string) (store.Effect, error) {
	x, err := a.own(c, id)
	if err != nil {
		return store.Effect{}, err
	}
	if !platformapi.IsPlain(text) {
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
		case platformapi.MissingClean:
			return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFilingMissing, "no clean copy is attached for review")
		default:
			wrong = append(wrong, platformapi.FieldError{Pointer: "/" + string(m), Detail: "is required"})
		}
	}
	if wrong != nil {
		f := refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFieldsMissing, "required fields are empty")
		f.Errors = wrong
		return store.Effect{}, f
	}
	if current(c, toSubmit(c)).SHA256 != sha256 {
		return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFilingOther, "the filing to be submitted has another digest")
	}
	a.revise(c)
	for i := range c.Attachments {
		x := &c.Attachments[i]
		x.Shared = x.Shared || x.Current && (x.Kind == platformapi.KindInvoice || x.Stage == toSubmit(c))
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
	if c.State == platformapi.StateAwaiting && !reviewFirst(c) {
		return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFilingNotSealed, "the contract does not carry this side's seal")
	}
	if current(c, toSubmit(c)).SHA256 != sha256 {
		return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFilingOther, "the filing that is agreed to has another digest")
	}
	opinion = strings.TrimSpace(opinion)
	if !platformapi.IsPlain(opinion) {
		return store.Effect{}, refuse(c, http.StatusBadRequest, platformapi.CodeBadRequest, "the opinion has characters that cannot be shown")
	}
	if reviewFirst(c) {
		c.State = platformapi.StateAgreed
		effect, err := a.done(c, platformapi.HistoryAgree, opinion, sha256)
		c.ArrivedAt = a.now
		return effect, err
	}
	c.State, c.ConcludedAt = platformapi.StateConcluded, a.now
	return a.done(c, platformapi.HistoryAgree, opinion, sha256)
}

// beginRefusal says whether this person may refuse: the other side what was sent to it, either side what was agreed to and
// not sealed, and who has not sealed what the other has.
func (a act) beginRefusal(c *store.Contract) error {
	if c == nil || c.State != platformapi.StateAgreed && c.State != platformapi.StateHalfSealed {
		return a.begin(c, otherOf(c), platformapi.StateAwaiting, platformapi.StateCountersigned)
	}
	if err := a.begin(c, roleIn(c.Lot, a.org.USCC), c.State); err != nil {
		return err
	}
	if !a.mayAddSeal(c) {
		return refuse(c, http.StatusConflict, platformapi.CodeWrongState, "this side has sealed; it may take its seal off first")
	}
	return nil
}

func (a act) refuse(c *store.Contract, opinion string) (store.Effect, error) {
	if err := a.beginRefusal(c); err != nil {
		return store.Effect{}, err
	}
	opinion = strings.TrimSpace(opinion)
	if n := utf8.RuneCountInString(opinion); n == 0 || n > maxOpinion || !platformapi.IsPlain(opinion) {
		return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeOpinionMissing, "an opinion of 1 to %d characters is required", maxOpinion)
	}
	breakSeal(c)
	c.State, c.HalfSealed = platformapi.StateReturned, ""
	effect, err := a.done(c, platformapi.HistoryRefuse, opinion, "")
	c.ArrivedAt = a.now
	return effect, err
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
func moves(c *store.Contract, org platformapi.Organisation) []platformapi.Move {
	role := roleIn(c.Lot, org.USCC)
	m := []platformapi.Move{}
	switch {
	case role == c.Starter && slices.Contains(drafting, c.State):
		m = append(m, platformapi.MoveSave, platformapi.MoveAttach, platformapi.MoveDelete)
		if !reviewFirst(c) {
			m = append(m, platformapi.MoveSeal)
		}
		if len(missing(c)) == 0 {
			m = append(m, platformapi.MoveSubmit)
		}
	case role == c.Starter && c.State == platformapi.StateAwaiting:
		m = append(m, platformapi.MoveWithdraw)
	case c.State == platformapi.StateAwaiting && reviewFirst(c):
		m = append(m, platformapi.MoveAgree, platformapi.MoveRefuse)
	case c.State == platformapi.StateAwaiting:
		m = append(m, platformapi.MoveCountersign, platformapi.MoveRefuse)
	case role != c.Starter && c.State == platformapi.StateCountersigned:
		m = append(m, platformapi.MoveCountersign, platformapi.MoveAgree, platformapi.MoveRefuse)
	case c.State == platformapi.StateAgreed:
		m = append(m, platformapi.MoveSeal, platformapi.MoveRefuse)
	case c.State == platformapi.StateHalfSealed && act{org: org}.mayAddSeal(c):
		m = append(m, platformapi.MoveCountersign, platformapi.MoveRefuse)
	case c.State == platformapi.StateHalfSealed:
		m = append(m, platformapi.MoveUnseal)
	case c.State == platformapi.StateConcluded:
		m = append(m, afterwards(c, role)...)
	}
	return m
}

// afterwards is what may be done about a concluded contract, which itself stays as it is.
func afterwards(c *store.Contract, role platformapi.Role) []platformapi.Move {
	var m []platformapi.Move
	if role == platformapi.RolePurchaser && c.Publication == nil {
		m = append(m, platformapi.MovePublish)
	}
	if role == platformapi.RolePurchaser && c.Filed == nil {
		m = append(m, platformapi.MoveFile)
	}
	if c.ParentID == "" && terminatedAt(c).IsZero() && !amending(c) {
		m = append(m, platformapi.MoveAmend)
	}
	return m
}
