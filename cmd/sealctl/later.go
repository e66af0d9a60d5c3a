package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/signer/publiccopy"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
)

// What is done with a contract beside submitting and agreeing: the second order's seals, what the purchaser owes once it is
// concluded, later documents on it, and what the platform says of its rules.

type contractEditCmd struct {
	platformFlags
	formFlags
	ID     string `arg:"" help:"contract_id"`
	Ground string `placeholder:"TEXT" help:"contract_ground"`
}

// Run prints a contractJSON. What is not given stays as it is.
func (c *contractEditCmd) Run(a *app) error {
	k, w, err := c.contract(a, c.ID, desk.ActionEdit)
	if err != nil {
		return err
	}
	fields, err := c.fields(w.View(a.ctx).Fields)
	if err != nil {
		return err
	}
	if c.Ground != "" {
		fields.Ground = c.Ground
	}
	if err := w.Type(fields); err != nil {
		return err
	}
	if err := possible(w.View(a.ctx), desk.ActionSave); err != nil {
		return err
	}
	return k.finish(w, c.Wait, func() (desk.Sent, error) { return w.Save(a.ctx) })
}

type contractDeleteCmd struct {
	platformFlags
	ID string `arg:"" help:"contract_id"`
}

// Run prints a contractJSON.
func (c *contractDeleteCmd) Run(a *app) error {
	return c.move(a, c.ID, desk.ActionDelete, func(w *desk.Work) (desk.Sent, error) { return w.Delete(a.ctx) })
}

type contractSealCmd struct {
	platformFlags
	ID string   `arg:"" help:"contract_id"`
	At []string `placeholder:"PLACE" sep:"none" help:"contract_at"`
}

// Run prints a contractJSON. It is for contracts that both sides have agreed to; the second seal concludes one.
func (c *contractSealCmd) Run(a *app) error {
	places, err := placesOf(c.At)
	if err != nil {
		return err
	}
	k, w, err := c.contract(a, c.ID, desk.ActionSeal)
	if err != nil {
		return err
	}
	if !w.View(a.ctx).ReviewFirst {
		return fault("seal_with_submit")
	}
	if w.View(a.ctx).Filing.Stage() != desk.StageSealed {
		if err := k.seal(w, places); err != nil {
			return err
		}
	}
	return k.finish(w, c.Wait, func() (desk.Sent, error) { return w.Submit(a.ctx) })
}

type contractUnsealCmd struct {
	platformFlags
	ID string `arg:"" help:"contract_id"`
}

// Run prints a contractJSON.
func (c *contractUnsealCmd) Run(a *app) error {
	return c.move(a, c.ID, desk.ActionUnseal, func(w *desk.Work) (desk.Sent, error) { return w.Unseal(a.ctx) })
}

type contractPublishCmd struct {
	platformFlags
	ID       string   `arg:"" help:"contract_id"`
	Hide     []string `placeholder:"TEXT=REASON" sep:"none" help:"contract_hide"`
	HidePage []string `name:"hide-page" placeholder:"N=REASON" sep:"none" help:"contract_hide_page"`
	CopyTo   string   `name:"copy-to" placeholder:"FILE" help:"contract_copy_to"`
}

// Run prints a contractJSON; with --copy-to the report on the copy, and publishes nothing.
func (c *contractPublishCmd) Run(a *app) error {
	request, err := c.request()
	if err != nil {
		return err
	}
	k, w, err := c.contract(a, c.ID, desk.ActionPublish)
	if err != nil {
		return err
	}
	show, end := a.tui.progress()
	made, err := w.MakePublic(a.ctx, request, show)
	end()
	if err != nil {
		return err
	}
	if c.CopyTo != "" {
		if err := w.Export(a.ctx, made.File, c.CopyTo); err != nil {
			return err
		}
		return a.tui.result(made.Report, func() { a.showHidden(made.Report) })
	}
	if !a.tui.json {
		a.showHidden(made.Report)
	}
	return k.finish(w, c.Wait, func() (desk.Sent, error) { return w.Publish(a.ctx) })
}

func (c *contractPublishCmd) request() (desk.PublicRequest, error) {
	var r desk.PublicRequest
	for _, h := range c.Hide {
		text, reason, ok := strings.Cut(h, "=")
		if !ok || text == "" || reason == "" {
			return r, fault("hide_form", "value", h)
		}
		r.Words = append(r.Words, publiccopy.Words{Text: text, What: publiccopy.TradeSecret, Reason: reason})
	}
	for _, h := range c.HidePage {
		number, reason, ok := strings.Cut(h, "=")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || reason == "" {
			return r, fault("hide_form", "value", h)
		}
		r.Pages = append(r.Pages, publiccopy.Page{Number: n, What: publiccopy.TradeSecret, Reason: reason})
	}
	return r, nil
}

func (a *app) showHidden(r publiccopy.Report) {
	for _, h := range r.Hidden {
		a.tui.print("%s\t%d\t%s", a.words.T("public.what_"+string(h.What)), h.Count, h.Reason)
	}
	for _, n := range r.Blind {
		a.tui.warn("public.blind", "pages", strconv.Itoa(n))
	}
	for _, m := range r.Missed {
		a.tui.warn("public.missed", "words", m)
	}
}

type contractFileCmd struct {
	platformFlags
	ID     string `arg:"" help:"contract_id"`
	Number string `required:"" placeholder:"TEXT" help:"contract_filing_number"`
	Date   string `placeholder:"2006-01-02" help:"contract_filing_date"`
}

// Run prints a contractJSON.
func (c *contractFileCmd) Run(a *app) error {
	day := c.Date
	if day == "" {
		day = words.Day(time.Now())
	}
	return c.move(a, c.ID, desk.ActionFile, func(w *desk.Work) (desk.Sent, error) { return w.File(a.ctx, c.Number, day) })
}

type contractAmendCmd struct {
	platformFlags
	formFlags
	ID     string `arg:"" help:"contract_id"`
	Kind   string `required:"" enum:"supplement,change,termination" help:"contract_amend_kind"`
	Ground string `required:"" placeholder:"TEXT" help:"contract_ground"`
}

// Run prints the contractJSON of the new document.
func (c *contractAmendCmd) Run(a *app) error {
	k, parent, err := c.contract(a, c.ID, desk.ActionAmend)
	if err != nil {
		return err
	}
	w, err := k.session.NewAmendment(a.ctx, parent.View(a.ctx), platformapi.ContractKind(c.Kind))
	if err != nil {
		return err
	}
	fields, err := c.fields(w.View(a.ctx).Fields)
	if err != nil {
		return err
	}
	fields.Ground = c.Ground
	if err := w.Type(fields); err != nil {
		return err
	}
	return k.finish(w, c.Wait, func() (desk.Sent, error) { return w.Save(a.ctx) })
}

type contractFlowCmd struct {
	platformFlags
	Lot string `arg:"" help:"contract_lot"`
}

// Run prints a platformapi.Flow.
func (c *contractFlowCmd) Run(a *app, k *clerk) error {
	flow, err := k.session.Flow(a.ctx, c.Lot)
	if err != nil {
		return err
	}
	return a.tui.result(flow, func() {
		for _, p := range flow.Phases {
			for _, s := range p.Steps {
				a.tui.print("%s\t%s\t%s", a.words.T("phase."+string(p.Phase)), s.Name, a.words.T("ctl.step."+string(s.State)))
			}
		}
	})
}

type contractTemplatesCmd struct {
	platformFlags
	Out string `short:"o" placeholder:"DIR" help:"contract_templates_out"`
}

// Run prints {"templates": [platformapi.Template...]}; with -o each is written to the folder.
func (c *contractTemplatesCmd) Run(a *app, k *clerk) error {
	all, err := k.session.ContractTemplates(a.ctx, "", "")
	if err != nil {
		return err
	}
	if c.Out != "" {
		if err := os.MkdirAll(c.Out, 0o755); err != nil {
			return fault("file_not_writable", "file", c.Out, "cause", err)
		}
		for _, t := range all {
			if err := k.session.SaveTemplate(a.ctx, t, filepath.Join(c.Out, filepath.Base(t.File))); err != nil {
				return err
			}
		}
	}
	return a.tui.result(map[string]any{"templates": all}, func() {
		for _, t := range all {
			a.tui.print("%s\t%s\t%s", t.ID, t.Name, t.File)
		}
	})
}

type contractTermsCmd struct{ platformFlags }

// Run prints a platformapi.Terms.
func (c *contractTermsCmd) Run(a *app, k *clerk) error {
	terms, err := k.session.Terms(a.ctx)
	if err != nil {
		return err
	}
	return a.tui.result(terms, func() {
		a.tui.print("%s\t%s", terms.Version, terms.AsOf)
		for _, t := range terms.Items {
			a.tui.print("%s\t%s\t%s", a.words.T("form.deadline_kind_"+string(t.Kind)), a.words.T("form.left_"+string(t.Unit), "n", t.Days), t.Basis)
		}
	})
}

type contractCalendarCmd struct {
	platformFlags
	Year int `arg:"" help:"contract_year"`
}

// Run prints a platformapi.CalendarYear.
func (c *contractCalendarCmd) Run(a *app, k *clerk) error {
	year, err := k.session.Calendar(a.ctx, c.Year)
	if err != nil {
		return err
	}
	return a.tui.result(year, func() {
		if year.State == platformapi.CalendarPredicted {
			a.tui.warn("ctl.calendar.predicted", "year", strconv.Itoa(year.Year))
		}
		a.tui.print("%s", strings.Join(year.Off, " "))
		a.tui.print("%s", strings.Join(year.Work, " "))
	})
}
