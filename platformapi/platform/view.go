package platform

import (
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
)

const (
	signDays = 30 // 政府采购法 46
	soonDays = 7
)

var shanghai = time.FixedZone("CST", 8*60*60)

// signBy is the day by which the contract must be signed: 30 days after the award notice was sent out, that day not counted.
func signBy(l store.Lot, concluded, now time.Time) *platformapi.Deadline {
	if l.AwardSentAt.IsZero() {
		return nil
	}
	day := func(t time.Time) time.Time {
		y, m, d := t.In(shanghai).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, shanghai)
	}
	due := day(l.AwardSentAt).AddDate(0, 0, signDays)
	d := &platformapi.Deadline{
		Kind: platformapi.DeadlineSign, Basis: "政府采购法第四十六条", Text: "采购人与中标、成交供应商应当自中标、成交通知书发出之日起三十日内签订政府采购合同。",
		From: l.AwardSentAt, Due: due.Format(time.DateOnly),
	}
	switch left := due.Sub(day(now)); {
	case !concluded.IsZero():
		d.State = platformapi.DeadlineDone
	case left < 0:
		d.State = platformapi.DeadlineOver
	case left <= soonDays*24*time.Hour:
		d.State = platformapi.DeadlineSoon
	default:
		d.State = platformapi.DeadlineOK
	}
	return d
}

// lotView is a lot as an organisation sees it. live is its live contract, nil when there is none.
func lotView(l store.Lot, live *store.Contract, uscc string, now time.Time) platformapi.Lot {
	v := platformapi.Lot{
		ID: l.ID, ProjectNumber: l.ProjectNumber, ProjectName: l.ProjectName, Number: l.Number, Name: l.Name, Kind: l.Kind, Method: l.Method,
		Purchaser: l.Purchaser, Supplier: l.Supplier, Agency: l.Agency, AwardFen: l.AwardFen, TradedAt: l.TradedAt, AwardSentAt: l.AwardSentAt,
		MyRole: roleIn(l, uscc),
	}
	var concluded time.Time
	switch {
	case live != nil:
		v.Block = platformapi.BlockLiveContract
		concluded = live.ConcludedAt
		if visible(live, uscc) {
			v.ContractID, v.ContractState = live.ID, live.State
		}
	case l.AwardSentAt.IsZero() || l.AwardSentAt.After(now):
		v.Block = platformapi.BlockAwardNotSent
	}
	v.SignBy = signBy(l, concluded, now)
	return v
}

// flowView is the project's steps; the two that the platform knows about itself are derived.
func flowView(l store.Lot, live *store.Contract, uscc string, now time.Time) platformapi.Flow {
	f := platformapi.Flow{Lot: lotView(l, live, uscc, now)}
	for _, name := range []platformapi.Phase{platformapi.PhaseBefore, platformapi.PhaseTrading, platformapi.PhaseAfter} {
		p := platformapi.FlowPhase{Phase: name, Steps: []platformapi.FlowStep{}}
		for _, given := range l.Phases {
			if given.Phase == name {
				p.Steps = append(p.Steps, given.Steps...)
			}
		}
		if name == platformapi.PhaseAfter {
			award := platformapi.FlowStep{Name: "中标通知书查看", State: platformapi.StepNotOpen}
			if !l.AwardSentAt.IsZero() && !l.AwardSentAt.After(now) {
				award.State, award.Since = platformapi.StepDone, l.AwardSentAt
			}
			p.Steps = append(p.Steps, award, signStep(l, live, uscc, now))
		}
		f.Phases = append(f.Phases, p)
	}
	return f
}

func signStep(l store.Lot, live *store.Contract, uscc string, now time.Time) platformapi.FlowStep {
	step := platformapi.FlowStep{Name: "合同签订", State: platformapi.StepNotOpen, Page: platformapi.PageContract}
	if l.AwardSentAt.IsZero() || l.AwardSentAt.After(now) {
		return step
	}
	step.Since = l.AwardSentAt
	if d, err := time.ParseInLocation(time.DateOnly, signBy(l, time.Time{}, now).Due, shanghai); err == nil {
		step.Until = d.AddDate(0, 0, 1).UTC()
	}
	switch {
	case live == nil || myTurn(live, uscc):
		step.State = platformapi.StepAttention
	case live.State == platformapi.StateConcluded:
		step.State = platformapi.StepDone
	default:
		step.State = platformapi.StepPending
	}
	return step
}

// myTurn says whether a contract waits for this organisation.
func myTurn(c *store.Contract, uscc string) bool {
	starter := roleIn(c.Lot, uscc) == c.Starter
	switch c.State {
	case platformapi.StateDraft, platformapi.StateSealed, platformapi.StateReturned:
		return starter
	case platformapi.StateAwaiting, platformapi.StateCountersigned:
		return !starter
	}
	return false
}

func summary(c *store.Contract, uscc string, now time.Time) platformapi.ContractSummary {
	fields := c.Fields
	role := roleIn(c.Lot, uscc)
	if role != c.Starter {
		fields = c.Sent
	}
	return platformapi.ContractSummary{
		ID: c.ID, Version: c.Version, State: c.State, Round: c.Round, LotID: c.Lot.ID, LotName: c.Lot.Name, LotNumber: c.Lot.Number,
		ProjectName: c.Lot.ProjectName, ProjectNumber: c.Lot.ProjectNumber, Purchaser: c.Lot.Purchaser, Supplier: c.Lot.Supplier,
		Starter: c.Starter, MyRole: role, Fields: fields, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
		SubmittedAt: c.SubmittedAt, ViewedAt: c.ViewedAt, ConcludedAt: c.ConcludedAt, Publication: c.Publication,
		SignBy: signBy(c.Lot, c.ConcludedAt, now), Moves: moves(c, uscc),
	}
}

// contractView is a contract as an organisation sees it: the other side sees what was submitted to it, and never the
// starter's working files, which may hold more than the clean copy does.
func contractView(c *store.Contract, uscc string, now time.Time) platformapi.Contract {
	v := platformapi.Contract{
		Summary: summary(c, uscc, now), Attachments: []platformapi.Attachment{}, History: c.History,
	}
	live := c
	if c.State == platformapi.StateVoid {
		live = nil
	}
	v.Lot = lotView(c.Lot, live, uscc, now)
	starter := roleIn(c.Lot, uscc) == c.Starter
	for _, x := range c.Attachments {
		if starter || x.Shared {
			v.Attachments = append(v.Attachments, x.Attachment)
		}
	}
	if starter && myTurn(c, uscc) {
		v.Missing = missing(c)
	}
	if f := v.Summary.Fields; f.AmountFen != 0 && f.AmountFen != c.Lot.AwardFen && f.AmountReason == "" {
		v.Warnings = []platformapi.Warning{platformapi.WarningAmountDiffers}
	}
	return v
}
