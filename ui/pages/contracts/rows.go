package contracts

import (
	"slices"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/amount"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/theme"
)

const timeForm = "2006-01-02 15:04"

// A row is a contract of the list: on the platform, only here, or on its way there.
type row struct {
	id      string
	number  string
	project string
	lot     string
	other   string
	fen     int64
	date    string
	state   platformapi.ContractState
	starter bool
	chip    string
	tone    theme.Tone
	since   string     // when it was sent back; empty when it is not
	work    *desk.Work // of a draft that is only here
	queued  bool       // its creation waits in the outbox
	mine    bool       // the next step is ours
	review  bool       // both agree before anybody seals
	delete  bool       // may be given up
	warn    string     // of a legal term; empty when none presses
	late    bool       // that term is over
}

func summaryRow(t *words.Catalog, c platformapi.ContractSummary) row {
	starter := c.MyRole == c.Starter
	r := row{
		id: c.ID, number: c.Fields.Number, project: c.ProjectName, lot: joined(c.LotNumber, c.LotName), other: c.Supplier.Name,
		fen: c.Fields.AmountFen, date: c.Fields.SignedOn, state: c.State, starter: starter,
		delete: slices.Contains(c.Moves, platformapi.MoveDelete),
	}
	if c.MyRole == platformapi.RoleSupplier {
		r.other = c.Purchaser.Name
	}
	r.chip, r.tone = form.StateOf(t, c)
	if !c.ReturnedAt.IsZero() {
		r.since = c.ReturnedAt.In(words.Zone).Format(timeForm)
	}
	if c.Kind != "" && c.Kind != platformapi.ContractMain {
		r.lot = joined(t.T("contracts.kind_"+string(c.Kind)), c.Fields.Name)
	}
	r.mine, r.review = c.MyTurn, c.Order == platformapi.OrderReviewFirst
	for _, d := range c.Deadlines {
		r.due(t, c.MyRole, d)
	}
	return r
}

// due puts the legal term that presses most beside the date: to sign for both, to publish and to file for the purchaser.
func (r *row) due(t *words.Catalog, role platformapi.Role, d platformapi.Deadline) {
	if d.State != platformapi.DeadlineSoon && d.State != platformapi.DeadlineOver || r.late ||
		d.Kind != platformapi.DeadlineSign && role != platformapi.RolePurchaser {
		return
	}
	r.warn = t.T("contracts.due_"+string(d.State), "what", t.T("form.deadline_kind_"+string(d.Kind)))
	r.late = d.State == platformapi.DeadlineOver
}

func draftRow(t *words.Catalog, w *desk.Work, v desk.View) row {
	r := viewRow(v)
	r.work, r.delete = w, true
	r.chip, r.tone = t.T("contracts.draft_here"), theme.Neutral
	for _, d := range v.Deadlines {
		r.due(t, v.Role, d)
	}
	return r
}

func viewRow(v desk.View) row {
	r := row{
		id: v.ID, number: v.Fields.Number, project: v.Lot.ProjectName, lot: joined(v.Lot.Number, v.Lot.Name), other: v.Lot.Supplier.Name,
		fen: v.Fields.AmountFen, date: v.Fields.SignedOn, state: platformapi.StateDraft, starter: true, mine: true, review: v.ReviewFirst,
	}
	if v.Role == platformapi.RoleSupplier {
		r.other = v.Lot.Purchaser.Name
	}
	return r
}

// queuedRow is a contract that was sent from here and that the platform has not taken yet.
func queuedRow(t *words.Catalog, e outbox.Entry) row {
	_, name, _ := strings.Cut(e.Title, " · ")
	r := row{id: e.ContractID, project: name, date: e.CreatedAt.In(words.Zone).Format(time.DateOnly), state: platformapi.StateDraft, starter: true, queued: true}
	r.chip, r.tone = t.T("contracts.queued"), theme.Warn
	if e.State == outbox.Failed {
		r.chip, r.tone = t.T("contracts.queue_failed"), theme.Bad
		if e.FailedHere() {
			r.chip = t.T("contracts.queue_failed_here")
		}
	}
	return r
}

func joined(a, b string) string { return strings.TrimSpace(a + "　" + b) }

func (r row) sum() string {
	if r.fen == 0 {
		return ""
	}
	return amount.Fen(r.fen).String()
}

// A group is a set of contracts to show.
type group int

const (
	groupAll group = iota
	groupMine
	groupTheirs
	groupConcluded
	groupReturned
	groupDrafts
)

// groups are the filter's lines; the four from groupMine on have a card of their own.
var groups = []string{"all", "mine", "theirs", "concluded", "returned", "drafts"}

func (g group) has(r row) bool {
	switch g {
	case groupMine:
		return r.mine && !r.queued
	case groupTheirs:
		return r.starter && (r.state == platformapi.StateAwaiting || r.state == platformapi.StateCountersigned) ||
			r.state == platformapi.StateHalfSealed && !r.mine
	case groupConcluded:
		return r.state == platformapi.StateConcluded
	case groupReturned:
		return r.state == platformapi.StateReturned
	case groupDrafts:
		return r.starter && (r.state == platformapi.StateDraft || r.state == platformapi.StateSealed)
	}
	return true
}

// asked is the state to ask the platform for, where a group is one state.
func (g group) asked() platformapi.ContractState {
	switch g {
	case groupConcluded:
		return platformapi.StateConcluded
	case groupReturned:
		return platformapi.StateReturned
	}
	return ""
}

// says tells whether words occur in a row, for those that the platform does not search.
func (r row) says(words string) bool {
	words = strings.ToLower(strings.TrimSpace(words))
	return slices.ContainsFunc([]string{r.number, r.project, r.lot, r.other}, func(s string) bool {
		return strings.Contains(strings.ToLower(s), words)
	})
}
