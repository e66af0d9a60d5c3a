package tasks

import (
	"slices"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/calendar"
	"sealdesk/platformapi/outbox"
	"sealdesk/ui/desk/bids"
)

// A Draft is a contract that was begun on this machine, and of which the platform has not told yet.
type Draft struct {
	Contract  string
	Name      string
	Kind      platformapi.ContractKind
	Lot       platformapi.Lot
	Sealed    bool
	Deadlines []platformapi.Deadline
}

// Known is what a board is made of.
type Known struct {
	Contracts []platformapi.ContractSummary
	Lots      []platformapi.Lot
	Tenders   []platformapi.Tender
	Drafts    []Draft
	Bids      []bids.View
	Outbox    []outbox.Entry // those of a contract in their order
	More      bool           // the platform has more of them than were asked for

	// Of lists that the platform could not give, what was kept of it: since when that is. AsOf is when it told the oldest of them.
	Offline bool
	AsOf    time.Time
}

// maxKnown bounds how much of each list is looked at; the platform is asked for less.
const maxKnown = 1000

// Board is what waits at a moment of the platform's clock.
func (k Known) Board(now time.Time) Board {
	m := newMaker(k, now)
	m.changed()
	for _, c := range m.Contracts {
		m.contract(c)
	}
	for _, d := range m.Drafts {
		m.draft(d)
	}
	for _, l := range m.Lots {
		m.lot(l)
	}
	for _, t := range m.Tenders {
		m.tender(t)
	}
	for _, v := range m.Bids {
		m.project(v)
	}
	m.board.settle()
	return m.board
}

// A maker makes one board.
type maker struct {
	Known
	now      time.Time
	days     *calendar.Calendar
	soon     map[platformapi.DeadlineKind]int // with how many days left a term is warned of
	listed   map[string]bool                  // contracts that the platform listed
	begun    map[string]bool                  // lots that have a contract, here or there
	changes  map[string][]outbox.Entry        // without a receipt, by contract, in their order
	projects map[string]bids.View             // by tender
	tenders  map[string]platformapi.Tender
	board    Board
}

func newMaker(k Known, now time.Time) *maker {
	m := &maker{Known: k, now: now, days: calendar.Embedded(), soon: map[platformapi.DeadlineKind]int{}, listed: map[string]bool{}, begun: map[string]bool{},
		changes: map[string][]outbox.Entry{}, projects: map[string]bids.View{}, tenders: map[string]platformapi.Tender{}}
	longer := []bool{cut(&m.Contracts), cut(&m.Lots), cut(&m.Tenders), cut(&m.Drafts), cut(&m.Bids)}
	m.board.More = k.More || slices.Contains(longer, true)
	for _, t := range calendar.EmbeddedTerms().Items {
		m.soon[t.Kind] = t.Soon
	}
	main := func(kind platformapi.ContractKind) bool { return kind == "" || kind == platformapi.ContractMain }
	for _, c := range m.Contracts {
		m.listed[c.ID] = true
		m.begun[c.LotID] = m.begun[c.LotID] || main(c.Kind) && c.State != platformapi.StateVoid
	}
	for _, d := range m.Drafts {
		m.begun[d.Lot.ID] = m.begun[d.Lot.ID] || main(d.Kind)
	}
	for _, t := range m.Tenders {
		m.tenders[t.ID] = t
	}
	for _, v := range m.Bids {
		if _, newer := m.projects[v.Tender.ID]; !newer { // the one that was changed last comes first
			m.projects[v.Tender.ID] = v
		}
	}
	delete(m.projects, "") // of outlines that came in a file
	for _, e := range k.Outbox {
		if e.State != outbox.Done {
			m.changes[e.ContractID] = append(m.changes[e.ContractID], e)
		}
	}
	return m
}

// cut bounds a list, and tells whether it was longer.
func cut[T any](list *[]T) bool {
	if len(*list) <= maxKnown {
		return false
	}
	*list = (*list)[:maxKnown]
	return true
}

func (m *maker) add(t Task) { m.board.Waiting = append(m.board.Waiting, t) }

func (m *maker) sent(s Sent) { m.board.Sent = append(m.board.Sent, s) }

// turned tells that a change which ends one's turn is on its way.
func (m *maker) turned(contract string, ops ...outbox.Op) bool {
	return slices.ContainsFunc(m.changes[contract], func(e outbox.Entry) bool { return slices.Contains(ops, e.Op) })
}

// changed tells of what has no receipt: a person must act where the platform refused, and the rest goes by itself.
func (m *maker) changed() {
	told := map[string]bool{}
	for _, e := range m.Outbox {
		all := m.changes[e.ContractID]
		if e.State == outbox.Done || told[e.ContractID] {
			continue
		}
		told[e.ContractID] = true
		if i := slices.IndexFunc(all, func(e outbox.Entry) bool { return e.State == outbox.Failed }); i >= 0 {
			m.add(Task{Kind: Refused, Title: line(all[i].Title), Urgency: Now, Contract: e.ContractID})
			continue
		}
		newest := all[len(all)-1]
		m.sent(Sent{Title: line(newest.Title), At: newest.CreatedAt, Change: &newest})
	}
}

// sending tells that all of a contract's changes go by themselves.
func (m *maker) sending(contract string) bool {
	all := m.changes[contract]
	return len(all) > 0 && !m.failed(contract)
}

func (m *maker) failed(contract string) bool {
	return slices.ContainsFunc(m.changes[contract], func(e outbox.Entry) bool { return e.State == outbox.Failed })
}
