package home

import (
	"context"
	"time"

	"sealdesk/platformapi"
	boxes "sealdesk/platformapi/outbox"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/tasks"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/bid"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/pages/hall"
	"sealdesk/ui/pages/outbox"
	"sealdesk/ui/pages/publish"
	"sealdesk/ui/pages/term"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const timeForm = "2006-01-02 15:04"

// tones are the colours of how much a task presses.
var tones = map[tasks.Urgency]theme.Tone{
	tasks.Now: theme.Bad, tasks.Over: theme.Bad, tasks.Soon: theme.Warn, tasks.Calm: theme.Info, tasks.Free: theme.Neutral,
}

func (p *Page) taskRow(x tasks.Task) widgets.TableRow {
	open := func() { p.open(x) }
	due, left := p.due(x)
	basis := ""
	if x.Term != nil {
		basis = x.Term.Basis
	}
	return widgets.TableRow{Open: open, Cells: []widgets.Cell{
		{Text: x.Title, Note: joined(x.Note, x.Other)}, {Chip: p.t("home.kind_" + string(x.Kind)), Tone: tones[x.Urgency]},
		{Text: due, Note: left, Bad: x.Urgency == tasks.Over || x.Urgency == tasks.Soon}, {Text: basis},
		{Actions: []widgets.Action{{Text: p.t("home.do_" + string(x.Kind)), Do: open}}},
	}}
}

// joined puts the lot and the other side on one line.
func joined(a, b string) string {
	if a != "" && b != "" {
		return a + " · " + b
	}
	return a + b
}

// due is until when, and how long that is.
func (p *Page) due(x tasks.Task) (due, left string) {
	switch {
	case x.Term != nil:
		return x.Term.Due, term.Left(p.host.Words(), *x.Term)
	case x.Kind == tasks.Opening:
		if state := x.Tender.State; state != platformapi.TenderOpen {
			left = p.t("hall.state_" + string(state))
		}
	case x.Kind == tasks.Refused:
		return p.t("home.at_once"), ""
	}
	if x.Due.IsZero() {
		if x.Urgency == tasks.Now {
			return p.t("home.going_on"), left
		}
		return p.t("home.no_term"), left
	}
	if left == "" {
		left = bid.Left(p.host.Words(), x.Due, p.host.Session().Now())
	}
	return x.Due.In(words.Zone).Format(timeForm), left
}

// open goes to where a task is done.
func (p *Page) open(x tasks.Task) {
	switch x.Kind {
	case tasks.Refused:
		p.host.Home(outbox.Nav)
	case tasks.Begin:
		form.Begin(p.ctx, p.host, *x.Lot)
	case tasks.Bid:
		p.openBid(x.Project)
	case tasks.Opening:
		hall.Enter(p.host, *x.Tender)
	case tasks.Publish, tasks.File:
		p.openPublic(x.Contract)
	default:
		form.Open(p.ctx, p.host, x.Contract)
	}
}

// openPublic takes a signed contract to the page where it is published and filed.
func (p *Page) openPublic(contract string) {
	var work *desk.Work
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		work, err = p.host.Session().Open(ctx, contract)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.host.Open(publish.New(p.host, work))
	})
}

func (p *Page) openBid(id string) {
	var project *bids.Project
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		project, err = p.host.Session().Bids().Open(ctx, id)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		bid.Open(p.host, project)
	})
}

func (p *Page) sentRow(x tasks.Sent) widgets.TableRow {
	row := func(chip string, tone theme.Tone, note string, open func()) widgets.TableRow {
		at := ""
		if !x.At.IsZero() {
			at = x.At.In(words.Zone).Format(timeForm)
		}
		return widgets.TableRow{Open: open, Cells: []widgets.Cell{
			{Text: x.Title, Note: x.Note}, {Text: x.Other}, {Chip: chip, Tone: tone, Note: note}, {Text: at}}}
	}
	switch {
	case x.Change != nil:
		chip, tone := p.t("outbox.state_waiting"), theme.Warn
		if x.Change.State == boxes.Sending {
			chip, tone = p.t("outbox.state_sending"), theme.Info
		}
		return row(chip, tone, "", func() { p.host.Home(outbox.Nav) })
	case x.Contract != nil:
		chip, tone := form.StateOf(p.host.Words(), *x.Contract)
		return row(chip, tone, p.whereabouts(x), func() { form.Open(p.ctx, p.host, x.Contract.ID) })
	case x.Project != "":
		return row(p.t("bid.state.handed_in"), theme.Good, p.opens(x.Opens), func() { p.openBid(x.Project) })
	}
	return row(p.t("bid.state.handed_in"), theme.Good, p.opens(x.Opens), func() { hall.Enter(p.host, *x.Tender) })
}

// whereabouts says what presses meanwhile, or whether the other side has read what was sent.
func (p *Page) whereabouts(x tasks.Sent) string {
	switch {
	case x.Term != nil:
		return p.t("contracts.due_"+string(x.Term.State), "what", p.t("form.deadline_kind_"+string(x.Term.Kind)))
	case x.Contract.State != platformapi.StateAwaiting:
		return ""
	case x.Contract.ViewedAt.IsZero():
		return p.t("home.unread")
	}
	return p.t("home.read", "time", x.Contract.ViewedAt.In(words.Zone).Format(timeForm))
}

func (p *Page) opens(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return p.t("home.opens", "time", at.In(words.Zone).Format(timeForm))
}
