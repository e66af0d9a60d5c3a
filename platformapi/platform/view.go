package platform

import (
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/calendar"
	"sealdesk/platformapi/platform/store"
)

// A viewer shows things as an organisation sees them at a moment.
type viewer struct {
	rules calendar.Rules
	order platformapi.SealOrder // of contracts that are begun now
	org   platformapi.Organisation
	// observer watches without being a party: it sees what was submitted, to whomever.
	observer bool
	now      time.Time
}

func (v viewer) role(l store.Lot) platformapi.Role {
	if v.observer {
		return platformapi.RoleObserver
	}
	return roleIn(l, v.org.USCC)
}

func (v viewer) moves(c *store.Contract) []platformapi.Move {
	if v.observer {
		return []platformapi.Move{}
	}
	return moves(c, v.org)
}

func (v viewer) sees(c *store.Contract) bool {
	return visible(c, v.org.USCC) || v.observer && !c.SubmittedAt.IsZero()
}

// blockOf says why no contract can be begun for a lot, apart from one that is there.
func blockOf(l store.Lot, now time.Time) platformapi.LotBlock {
	switch {
	case l.Secret:
		return platformapi.BlockSecret
	case l.AwardSentAt.IsZero() || l.AwardSentAt.After(now):
		return platformapi.BlockAwardNotSent
	}
	return ""
}

// signBy is the day by which a lot's contract must be signed, nil before the award notice was sent out.
func (v viewer) signBy(l store.Lot, concluded time.Time) *platformapi.Deadline {
	if l.AwardSentAt.After(v.now) {
		return nil
	}
	return v.rules.Deadline(platformapi.DeadlineSign, platformapi.ContractMain, l.AwardSentAt, concluded, v.now)
}

// deadlines are those that run for a contract, or have run.
func (v viewer) deadlines(c *store.Contract) []platformapi.Deadline {
	var published, filed time.Time
	if c.Publication != nil {
		published = c.Publication.PublishedAt
	}
	if c.Filed != nil {
		filed = c.Filed.RecordedAt
	}
	if c.State == platformapi.StateVoid {
		return nil
	}
	var all []platformapi.Deadline
	if c.Kind == platformapi.ContractMain {
		if d := v.signBy(c.Lot, c.ConcludedAt); d != nil {
			all = append(all, *d)
		}
	}
	for _, x := range []struct {
		kind platformapi.DeadlineKind
		done time.Time
	}{{platformapi.DeadlinePublish, published}, {platformapi.DeadlineFile, filed}} {
		if d := v.rules.Deadline(x.kind, c.Kind, c.ConcludedAt, x.done, v.now); d != nil {
			all = append(all, *d)
		}
	}
	return all
}

// lot is a lot with its live contract, nil when there is none.
func (v viewer) lot(l store.Lot, live *store.Contract) platformapi.Lot {
	shown := platformapi.Lot{
		ID: l.ID, ProjectNumber: l.ProjectNumber, ProjectName: l.ProjectName, Number: l.Number, Name: l.Name, Kind: l.Kind, Method: l.Method,
		Purchaser: l.Purchaser, Supplier: l.Supplier, Agency: l.Agency, AwardFen: l.AwardFen, TradedAt: l.TradedAt, AwardSentAt: l.AwardSentAt,
		MyRole: v.role(l), Secret: l.Secret, Order: v.order, Block: blockOf(l, v.now),
	}
	var concluded time.Time
	if live != nil {
		shown.Block = platformapi.BlockLiveContract
		concluded = live.ConcludedAt
		if v.sees(live) {
			shown.ContractID, shown.ContractState = live.ID, live.State
		}
	}
	if !l.Secret { // its days are counted where it is signed
		shown.SignBy = v.signBy(l, concluded)
	}
	return shown
}

// flow is the project's steps; the two that the platform knows about itself are derived.
func (v viewer) flow(l store.Lot, live *store.Contract) platformapi.Flow {
	f := platformapi.Flow{Lot: v.lot(l, live)}
	for _, name := range []platformapi.Phase{platformapi.PhaseBefore, platformapi.PhaseTrading, platformapi.PhaseAfter} {
		p := platformapi.FlowPhase{Phase: name, Steps: []platformapi.FlowStep{}}
		for _, given := range l.Phases {
			if given.Phase == name {
				p.Steps = append(p.Steps, given.Steps...)
			}
		}
		if name == platformapi.PhaseAfter {
			award := platformapi.FlowStep{Name: "中标通知书查看", State: platformapi.StepNotOpen}
			if !l.AwardSentAt.IsZero() && !l.AwardSentAt.After(v.now) {
				award.State, award.Since = platformapi.StepDone, l.AwardSentAt
			}
			p.Steps = append(p.Steps, award, v.signStep(l, live))
		}
		f.Phases = append(f.Phases, p)
	}
	return f
}

func (v viewer) signStep(l store.Lot, live *store.Contract) platformapi.FlowStep {
	step := platformapi.FlowStep{Name: "合同签订", State: platformapi.StepNotOpen, Page: platformapi.PageContract}
	if live == nil && blockOf(l, v.now) != "" {
		return step
	}
	step.Since = l.AwardSentAt
	if d := v.signBy(l, time.Time{}); d != nil {
		step.Until = d.DueAt
	}
	switch {
	case live == nil && !v.observer || live != nil && v.myTurn(live):
		step.State = platformapi.StepAttention
	case live != nil && live.State == platformapi.StateConcluded:
		step.State = platformapi.StepDone
	default:
		step.State = platformapi.StepPending
	}
	return step
}

// myTurn says whether a contract waits for this organisation.
func (v viewer) myTurn(c *store.Contract) bool {
	if v.observer {
		return false
	}
	starter := roleIn(c.Lot, v.org.USCC) == c.Starter
	switch c.State {
	case platformapi.StateDraft, platformapi.StateSealed, platformapi.StateReturned:
		return starter
	case platformapi.StateAwaiting, platformapi.StateCountersigned:
		return !starter
	case platformapi.StateAgreed, platformapi.StateHalfSealed:
		return act{org: v.org}.mayAddSeal(c)
	}
	return false
}

func (v viewer) summary(c *store.Contract) platformapi.ContractSummary {
	var returned time.Time
	if c.State == platformapi.StateReturned {
		returned = c.ArrivedAt
	}
	fields := c.Fields
	role := v.role(c.Lot)
	if role != c.Starter {
		fields = c.Sent
	}
	return platformapi.ContractSummary{
		ID: c.ID, Version: c.Version, State: c.State, Round: c.Round, Kind: c.Kind, ParentID: c.ParentID, Order: c.Order,
		MyTurn: v.myTurn(c), TerminatedAt: terminatedAt(c), LotID: c.Lot.ID, LotName: c.Lot.Name, LotNumber: c.Lot.Number,
		ProjectName: c.Lot.ProjectName, ProjectNumber: c.Lot.ProjectNumber, Purchaser: c.Lot.Purchaser, Supplier: c.Lot.Supplier,
		Starter: c.Starter, MyRole: role, Fields: fields, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
		SubmittedAt: c.SubmittedAt, ViewedAt: c.ViewedAt, ReturnedAt: returned, ConcludedAt: c.ConcludedAt, Publication: c.Publication,
		Filed: c.Filed, Deadlines: v.deadlines(c), Moves: v.moves(c),
	}
}

// contract is a contract: the other side sees what was submitted to it, and never the starter's working files, which may
// hold more than the clean copy does.
func (v viewer) contract(c *store.Contract) platformapi.Contract {
	shown := platformapi.Contract{Summary: v.summary(c), Attachments: []platformapi.Attachment{}, History: c.History}
	live := c
	switch {
	case c.Parent != nil:
		live = c.Parent
	case c.State == platformapi.StateVoid:
		live = nil
	}
	shown.Lot = v.lot(c.Lot, live)
	starter := roleIn(c.Lot, v.org.USCC) == c.Starter
	for _, x := range c.Attachments {
		if starter || x.Shared {
			shown.Attachments = append(shown.Attachments, x.Attachment)
		}
	}
	for i := range c.Amendments {
		if x := &c.Amendments[i]; v.sees(x) {
			s := v.summary(x)
			shown.Amendments = append(shown.Amendments, platformapi.Amendment{
				ID: x.ID, Kind: x.Kind, State: x.State, Name: s.Fields.Name, AmountFen: s.Fields.AmountFen, ConcludedAt: x.ConcludedAt,
			})
		}
	}
	if starter && v.myTurn(c) {
		shown.Missing = missing(c)
	}
	shown.Warnings = warnings(c, shown.Summary.Fields)
	return shown
}

// supplementShare is how much of a contract's amount its supplements may come to: a tenth (政府采购法 49).
const supplementShare = 10

// warnings are what does not stop anything, but should be looked at.
func warnings(c *store.Contract, f platformapi.ContractFields) []platformapi.Warning {
	switch c.Kind {
	case platformapi.ContractMain:
		if f.AmountFen != 0 && f.AmountFen != c.Lot.AwardFen && f.AmountReason == "" {
			return []platformapi.Warning{platformapi.WarningAmountDiffers}
		}
	case platformapi.ContractSupplement:
		sum := f.AmountFen
		for _, x := range c.Parent.Amendments {
			if x.ID != c.ID && x.Kind == platformapi.ContractSupplement && x.State == platformapi.StateConcluded {
				sum += x.Fields.AmountFen
			}
		}
		if sum > c.Parent.Fields.AmountFen/supplementShare {
			return []platformapi.Warning{platformapi.WarningSupplementOver}
		}
	}
	return nil
}
