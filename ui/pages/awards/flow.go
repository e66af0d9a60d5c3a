package awards

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/amount"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// A flow is the page 项目流程 of one lot: three phases with their steps.
type flow struct {
	host page.Host
	ctx  context.Context
	lot  platformapi.Lot

	head    *fyne.Container
	scroll  *widgets.ScrollArea
	faces   *widgets.Faces
	content fyne.CanvasObject
}

func newFlow(host page.Host, lot platformapi.Lot) *flow {
	f := &flow{host: host, ctx: context.Background(), lot: lot, head: widgets.Column(0)}
	f.scroll = widgets.NewScrollArea(widgets.Gap(1, 1))
	f.faces = widgets.NewFaces(f.scroll)
	f.content = widgets.Border(widgets.Pad(theme.PageMarginY, theme.PageMarginX, 0, theme.PageMarginX, f.head), nil, nil, nil, f.faces)
	f.drawHead()
	return f
}

func (f *flow) t(key string, pairs ...any) string { return f.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (f *flow) Nav() string { return Nav }

// Title implements page.Page.
func (f *flow) Title() string { return f.t("flow.title") }

// Content implements page.Page.
func (f *flow) Content() fyne.CanvasObject { return f.content }

// Show implements page.Page.
func (f *flow) Show(ctx context.Context) {
	f.ctx = ctx
	f.read()
}

func (f *flow) read() {
	f.faces.Loading()
	var told platformapi.Flow
	f.host.Do(f.ctx, func(ctx context.Context) (err error) {
		told, err = f.host.Session().Flow(ctx, f.lot.ID)
		return err
	}, func(err error) {
		if err != nil {
			page.Failed(f.host, f.faces, err, f.read)
			return
		}
		f.lot = told.Lot
		f.drawHead()
		var phases []widgets.Phase
		for _, p := range told.Phases {
			phases = append(phases, f.phase(p))
		}
		f.scroll.SetContent(widgets.Page(widgets.PaddedCard(widgets.Column(16, f.legend(), widgets.Phases(phases...)))))
		f.faces.Filled()
	})
}

func (f *flow) drawHead() {
	l := f.lot
	fact := func(key, value string) fyne.CanvasObject {
		return widgets.Column(2, widgets.NewText(f.t(key), theme.TextCaption, theme.Text3), widgets.NewText(value, theme.TextBody, theme.Text).Clip())
	}
	chip, tone := contractChip(f.host, l)
	lot := l.Number
	if l.Name != "" {
		lot += "　" + l.Name
	}
	f.head.Objects = []fyne.CanvasObject{widgets.PaddedCard(widgets.Column(14,
		widgets.Row(10, widgets.Grow(widgets.NewText(l.ProjectName, theme.TextSub, theme.Text).Bold().Clip()), widgets.NewChip(chip, tone)),
		widgets.Grid(4, theme.CardGap,
			fact("flow.number", l.ProjectNumber), fact("flow.lot", lot),
			fact("awards.method", f.t("method."+string(l.Method))),
			fact("awards.sum", f.t("amount.yuan", "sum", amount.Fen(l.AwardFen).String()))),
	))}
	f.head.Refresh()
}

// legend explains the marks of the steps.
func (f *flow) legend() fyne.CanvasObject {
	mark := func(key string, state widgets.StepState) fyne.CanvasObject {
		return widgets.Row(6, widgets.StepMark(state), widgets.Quiet(f.t(key)))
	}
	return widgets.Row(20, widgets.Title(f.t("flow.steps")), widgets.Spacer(),
		mark("flow.legend_done", widgets.StepDone),
		mark("flow.legend_attention", widgets.StepAlarm),
		mark("flow.legend_ahead", widgets.StepAhead))
}

var states = map[platformapi.StepState]widgets.StepState{
	platformapi.StepDone: widgets.StepDone, platformapi.StepAttention: widgets.StepAlarm,
	platformapi.StepPending: widgets.StepNow, platformapi.StepNotOpen: widgets.StepAhead,
}

func (f *flow) phase(told platformapi.FlowPhase) widgets.Phase {
	p := widgets.Phase{Name: f.t("phase." + string(told.Phase))}
	done := len(told.Steps) > 0
	for _, s := range told.Steps {
		step := widgets.PhaseStep{Name: s.Name, State: states[s.State], Note: f.note(s)}
		if s.Page == platformapi.PageContract && s.State != platformapi.StepNotOpen {
			step.Open = f.openContract
		}
		if s.State != platformapi.StepDone {
			done = false
		}
		if s.State == platformapi.StepAttention || s.State == platformapi.StepPending {
			p.State = widgets.StepNow
		}
		p.Steps = append(p.Steps, step)
	}
	if done {
		p.State = widgets.StepDone
	}
	return p
}

// note says since when a step is done, until when it has to be, or why it is not open.
func (f *flow) note(s platformapi.FlowStep) string {
	date := func(t time.Time) string { return t.In(words.Zone).Format(time.DateOnly) }
	// A step's end is the first moment that is too late.
	last := s.Until.Add(-time.Second)
	switch {
	case s.State == platformapi.StepDone && !s.Since.IsZero():
		return f.t("flow.done", "date", date(s.Since))
	case s.State == platformapi.StepDone:
		return ""
	case s.State == platformapi.StepNotOpen && !s.Since.IsZero():
		return f.t("flow.opens", "date", date(s.Since))
	case s.State == platformapi.StepNotOpen && s.Page == platformapi.PageContract && f.lot.Secret:
		return f.t("flow.secret")
	case s.State == platformapi.StepNotOpen && s.Page == platformapi.PageContract:
		return f.t("flow.after_award")
	case s.State == platformapi.StepNotOpen:
		return f.t("flow.not_open")
	case s.State == platformapi.StepPending && !s.Until.IsZero():
		return f.t("flow.other_side_until", "date", date(last))
	case s.State == platformapi.StepPending:
		return f.t("flow.other_side")
	case !s.Until.IsZero() && time.Now().After(s.Until):
		return f.t("flow.over", "date", date(last))
	case !s.Until.IsZero():
		return f.t("flow.until", "date", date(last))
	}
	return ""
}

// openContract opens the lot's contract, or begins it.
func (f *flow) openContract() {
	if f.lot.ContractID != "" {
		form.Open(f.ctx, f.host, f.lot.ContractID)
		return
	}
	form.Begin(f.ctx, f.host, f.lot)
}
