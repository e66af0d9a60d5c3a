package tasks

import (
	"slices"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/calendar"
	"sealdesk/platformapi/outbox"
)

// contract tells what waits of a contract that the platform listed, or where it is.
func (m *maker) contract(c platformapi.ContractSummary) {
	if c.MyRole != platformapi.RolePurchaser && c.MyRole != platformapi.RoleSupplier {
		return // who only reads has nothing to do
	}
	t := Task{Title: line(c.ProjectName), Note: line(c.LotNumber, c.LotName), Other: line(c.Supplier.Name), Contract: c.ID}
	if c.MyRole == platformapi.RoleSupplier {
		t.Other = line(c.Purchaser.Name)
	}
	if c.Kind != "" && c.Kind != platformapi.ContractMain {
		t.Note = line(c.Fields.Name)
	}
	switch {
	case c.MyTurn:
		if !m.acted(c) {
			t.Kind = turn(c)
			m.term(&t, c.Deadlines, platformapi.DeadlineSign)
			m.add(t)
		}
	case underWay(c) && !m.sending(c.ID):
		s := Sent{Title: t.Title, Note: t.Note, Other: t.Other, At: c.SubmittedAt, Contract: &c}
		if s.At.IsZero() || c.MyRole != c.Starter { // it was the other side that submitted it
			s.At = c.UpdatedAt
		}
		if !c.ReturnedAt.IsZero() { // notes may have been written since
			s.At = c.ReturnedAt
		}
		m.term(&t, c.Deadlines, platformapi.DeadlineSign)
		if t.Urgency != Calm {
			s.Term = t.Term
		}
		m.sent(s)
	case c.State == platformapi.StateConcluded && c.MyRole == platformapi.RolePurchaser:
		m.after(t, c)
	}
}

// acted tells that one's step is made, and only not with the platform yet. A seal where both agreed before goes as a file.
func (m *maker) acted(c platformapi.ContractSummary) bool {
	ops := []outbox.Op{outbox.OpSubmit, outbox.OpAgree, outbox.OpRefuse, outbox.OpDelete}
	if c.State == platformapi.StateAgreed || c.State == platformapi.StateHalfSealed {
		ops = append(ops, outbox.OpAttach)
	}
	return m.turned(c.ID, ops...)
}

// turn is what a contract waits for whose turn is ours.
func turn(c platformapi.ContractSummary) Kind {
	switch starter := c.MyRole == c.Starter; {
	case starter && c.State == platformapi.StateDraft:
		return Write
	case starter && c.State == platformapi.StateSealed:
		return Submit
	case starter && c.State == platformapi.StateReturned:
		return Mend
	case !starter && c.State == platformapi.StateAwaiting && c.Order == platformapi.OrderReviewFirst:
		return Review
	case !starter && c.State == platformapi.StateAwaiting, c.State == platformapi.StateAgreed, c.State == platformapi.StateHalfSealed:
		return Seal
	case !starter && c.State == platformapi.StateCountersigned:
		return Agree
	}
	return Handle
}

// underWay tells that a contract lies with the other side, by what this side did.
func underWay(c platformapi.ContractSummary) bool {
	switch c.State {
	case platformapi.StateAwaiting, platformapi.StateCountersigned, platformapi.StateAgreed, platformapi.StateHalfSealed:
		return true
	case platformapi.StateReturned:
		return c.MyRole != c.Starter
	}
	return false
}

// after tells what the purchaser does with a contract that is signed: 公示, 备案.
func (m *maker) after(t Task, c platformapi.ContractSummary) {
	if c.Publication == nil && slices.Contains(c.Moves, platformapi.MovePublish) && !m.turned(c.ID, outbox.OpPublish) {
		publish := t
		publish.Kind = Publish
		m.term(&publish, c.Deadlines, platformapi.DeadlinePublish)
		m.add(publish)
	}
	if c.Filed == nil && slices.Contains(c.Moves, platformapi.MoveFile) && !m.turned(c.ID, outbox.OpFile) {
		t.Kind = File
		m.term(&t, c.Deadlines, platformapi.DeadlineFile)
		m.add(t)
	}
}

// draft is a contract that is only here, or on its way.
func (m *maker) draft(d Draft) {
	if m.listed[d.Contract] || m.turned(d.Contract, outbox.OpSubmit) {
		return
	}
	t := Task{Kind: Write, Title: line(d.Lot.ProjectName), Note: line(d.Lot.Number, d.Lot.Name), Other: line(d.Lot.Supplier.Name), Contract: d.Contract}
	if d.Lot.MyRole == platformapi.RoleSupplier {
		t.Other = line(d.Lot.Purchaser.Name)
	}
	if d.Kind != "" && d.Kind != platformapi.ContractMain {
		t.Note = line(d.Name)
	}
	if d.Sealed {
		t.Kind = Submit
	}
	m.term(&t, d.Deadlines, platformapi.DeadlineSign)
	m.add(t)
}

// lot is one that was awarded and has no contract yet. To sign it in time is both sides' duty, but it is the purchaser who begins
// as a rule: the supplier is told when that becomes late.
func (m *maker) lot(l platformapi.Lot) {
	if l.MyRole != platformapi.RolePurchaser && l.MyRole != platformapi.RoleSupplier || l.Secret || l.Block != "" || l.ContractID != "" || m.begun[l.ID] {
		return
	}
	t := Task{Kind: Begin, Title: line(l.ProjectName), Note: line(l.Number, l.Name), Other: line(l.Supplier.Name), Lot: &l}
	if l.SignBy != nil {
		m.term(&t, []platformapi.Deadline{*l.SignBy}, platformapi.DeadlineSign)
	} else {
		t.Urgency = Free
	}
	if l.MyRole == platformapi.RoleSupplier {
		t.Other = line(l.Purchaser.Name)
		if t.Urgency > Soon {
			return
		}
	}
	m.add(t)
}

// term gives a task the legal term of a kind, as it stands now: what was told on another day is counted anew.
func (m *maker) term(t *Task, told []platformapi.Deadline, kind platformapi.DeadlineKind) {
	t.Urgency = Free
	i := slices.IndexFunc(told, func(d platformapi.Deadline) bool {
		return d.Kind == kind && d.State != platformapi.DeadlineDone && d.DoneAt.IsZero() && !d.DueAt.IsZero()
	})
	if i < 0 {
		return
	}
	d := told[i]
	d.Basis, d.Text = line(d.Basis), line(d.Text)
	if m.AsOf.IsZero() || !calendar.Day(m.AsOf).Equal(calendar.Day(m.now)) {
		d.LeftDays = m.days.Left(d.Unit, m.now, d.DueAt.Add(-time.Nanosecond))
		if d.State == platformapi.DeadlineOK && d.LeftDays <= m.soon[kind] {
			d.State = platformapi.DeadlineSoon
		}
	}
	t.Urgency = Calm
	switch {
	case !m.now.Before(d.DueAt):
		d.State, t.Urgency = platformapi.DeadlineOver, Over
	case d.State == platformapi.DeadlineSoon:
		t.Urgency = Soon
	}
	t.Due, t.Term = d.DueAt, &d
}
