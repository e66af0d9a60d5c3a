package tasks

import (
	"time"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/bids"
)

const (
	// ahead is how long before it an opening is told of: over a weekend.
	ahead = 72 * time.Hour
	// late is how long after its time an opening that nobody began is still one that is about to.
	late = 24 * time.Hour
)

// tender tells of the opening of a tender that one takes part in.
func (m *maker) tender(t platformapi.Tender) {
	own, mine := m.projects[t.ID]
	handedIn := t.MyBidID != "" || mine && own.Current() != nil
	switch t.MyRole {
	case platformapi.TenderHost, platformapi.TenderSupervisor, platformapi.TenderHall:
	case platformapi.TenderBidder:
		if !handedIn {
			return
		}
	default:
		return
	}
	x := Task{Kind: Opening, Title: line(t.Name), Note: line(t.Number, t.LotNumber), Other: line(t.Purchaser.Name), Due: t.Deadline, Tender: &t}
	switch t.State {
	case platformapi.TenderEnded, platformapi.TenderFailed:
		return
	case platformapi.TenderOpen, platformapi.TenderClosed:
		switch left := t.Deadline.Sub(m.now); {
		case left > ahead:
			if t.MyRole == platformapi.TenderBidder && !mine {
				m.sent(Sent{Title: x.Title, Note: x.Note, Other: x.Other, Tender: &t, Opens: t.Deadline})
			}
			return
		case left > bids.Near:
			x.Urgency = Calm
		case left > 0:
			x.Urgency = Soon
		case left > -late:
			x.Urgency = Now
		case t.MyRole == platformapi.TenderHost:
			x.Urgency = Over
		default:
			return
		}
	case platformapi.TenderDecrypting:
		x.Urgency, x.Due = Now, time.Time{}
		if t.Opening != nil && t.Opening.PausedAt.IsZero() {
			x.Due = t.Opening.WindowUntil
		}
	default:
		x.Urgency, x.Due = Now, time.Time{}
	}
	m.add(x)
}

// project is a bid on this machine.
func (m *maker) project(v bids.View) {
	t := Task{Kind: Bid, Title: line(v.Outline.Name), Note: line(v.Outline.Tender, v.Outline.Lot), Project: v.ID, Due: v.Tender.Deadline, Urgency: Free}
	tender, listed := m.tenders[v.Tender.ID]
	if listed {
		t.Due, t.Other = tender.Deadline, line(tender.Purchaser.Name)
	}
	over := !t.Due.IsZero() && !m.now.Before(t.Due)
	if held := v.Current(); held != nil && v.HandedIn() {
		if t.Due.Sub(m.now) > ahead || !listed && !over {
			m.sent(Sent{Title: t.Title, Note: t.Note, Other: t.Other, At: handedInAt(*held), Project: v.ID, Opens: t.Due})
		}
		return // nearer than that its opening is told of
	}
	switch {
	case over, t.Due.IsZero() && v.Built != nil && !v.Stale:
		return // nothing can be handed in, or there is nobody to hand it to
	case t.Due.IsZero():
	case t.Due.Sub(m.now) < bids.Near:
		t.Urgency = Soon
	default:
		t.Urgency = Calm
	}
	m.add(t)
}

// handedInAt is when the platform had all of a bid.
func handedInAt(s bids.Sent) time.Time {
	if len(s.Receipts) == 0 {
		return time.Time{}
	}
	return s.Receipts[len(s.Receipts)-1].At
}
