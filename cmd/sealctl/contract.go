package main

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/signer/disk"
	"sealdesk/signer/verify"
	"sealdesk/token"
	"sealdesk/token/uri"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/amount"
)

// platformFlags say which platform, and who comes.
type platformFlags struct {
	Platform   string        `required:"" env:"SEALDESK_PLATFORM" placeholder:"NAME|URL" help:"platform"`
	PlatformCA string        `name:"platform-ca" placeholder:"FILE" help:"platform_ca"`
	Trust      string        `placeholder:"ROOTS.pem" help:"trust"`
	Makers     string        `placeholder:"MAKERS.pem" help:"seal_trust"`
	Token      string        `required:"" placeholder:"URI" help:"token_uri"`
	Cert       string        `placeholder:"ID" help:"sign_cert"`
	PINFile    string        `name:"pin-file" placeholder:"FILE" help:"pin_file"`
	Wait       time.Duration `default:"60s" help:"contract_wait"`
}

// ProvideClerk is enter for the verbs whose Run takes a clerk; kong finds it by its name.
func (p *platformFlags) ProvideClerk(a *app) (*clerk, error) { return p.enter(a) }

// enter logs in at the desk that the window has, too, until the program ends.
func (p *platformFlags) enter(a *app) (*clerk, error) {
	roots, err := readRoots(p.Trust)
	if err != nil {
		return nil, err
	}
	makers, err := readRoots(p.Makers)
	if err != nil {
		return nil, err
	}
	config, err := p.config(a)
	if err != nil {
		return nil, err
	}
	config.Roots, config.Makers = roots, makers
	if u, err := uri.Parse(p.Token); err == nil && ownPhone(u) {
		return p.enterByPhone(a, config, u)
	}
	f, u, err := a.one(p.Token)
	if err != nil {
		return nil, err
	}
	_ = f.Close() // the desk opens it anew
	config.Drivers = []token.Driver{f.driver}
	o, err := openOffice(a, config)
	if err != nil {
		return nil, err
	}
	a.atEnd(o.Close)
	key, err := o.find(a, f.info.URI, p.Cert)
	if err != nil {
		return nil, err
	}
	pin, err := a.pin(p.PINFile, u, prompt(a, key.Label))
	if err != nil {
		return nil, err
	}
	c, err := o.login(a, key, pin)
	if err != nil {
		return nil, err
	}
	a.atEnd(c.leave)
	return c, nil
}

// enterByPhone is enter with a certificate that the person chooses on the phone: of the mobile CA that goes with a platform that
// is kept, or of the one that the token's URI names.
func (p *platformFlags) enterByPhone(a *app, config desk.Config, u *uri.URI) (_ *clerk, err error) {
	if config.Book == nil {
		config.PlatformURL, config.MobileCA = p.Platform, u.Get("service")
		if config.MobileRoots, err = phoneRoots(u); err != nil {
			return nil, err
		}
	} else if u.Get("service") != "" {
		return nil, fault("phone_of_platform", "name", p.Platform)
	}
	o, err := openOffice(a, config)
	if err != nil {
		return nil, err
	}
	a.atEnd(o.Close)
	c, err := o.loginByPhone(a, p.Cert)
	if err != nil {
		return nil, err
	}
	a.atEnd(c.leave)
	return c, nil
}

// config has the desk at the platform: one that is kept, or any address.
func (p *platformFlags) config(a *app) (desk.Config, error) {
	dirs, err := folders()
	if err != nil {
		return desk.Config{}, err
	}
	book, at, kept, err := a.platform(p.Platform)
	if err != nil {
		return desk.Config{}, err
	}
	if kept {
		if p.PlatformCA != "" {
			return desk.Config{}, fault("platform_ca_kept", "name", at.Name)
		}
		return desk.Config{Folders: dirs, Book: book, Platform: at.ID()}, nil
	}
	options, err := p.options()
	if err != nil {
		return desk.Config{}, err
	}
	return desk.Config{Folders: dirs, PlatformName: p.Platform,
		Connect: func(ctx context.Context, key desk.PlatformKey) (platformapi.Platform, error) {
			o := options // of this login alone: another may be under way
			o.Proxy = key.Proxy
			c, err := client.Login(ctx, p.Platform, key.Signer, key.Chain, o)
			if err != nil {
				return nil, err
			}
			return c, nil
		}}, nil
}

// maxCA bounds a file of TLS roots, in bytes.
const maxCA = 4 << 20

func (p *platformFlags) options() (client.Options, error) {
	if p.PlatformCA == "" {
		return client.Options{}, nil
	}
	pool, err := tlsRoots(p.PlatformCA)
	return client.Options{RootCAs: pool}, err
}

// tlsRoots reads the PEM file of those whom a service's TLS certificate must lead to.
func tlsRoots(file string) (*x509.CertPool, error) {
	data, err := disk.Read(file, maxCA)
	if err != nil {
		return nil, fault("roots_unreadable", "file", file, "cause", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fault("roots_unreadable", "file", file)
	}
	return pool, nil
}

type loginCmd struct {
	platformFlags
}

// Run prints {"platform", "name", "uscc", "handler"}.
func (c *loginCmd) Run(a *app, k *clerk) error {
	v := map[string]string{"platform": c.Platform, "name": k.key.Owner, "uscc": k.key.USCC, "handler": k.key.Person}
	return a.tui.result(v, func() {
		a.tui.print("%s", a.words.T("ctl.login.done", "platform", c.Platform, "name", k.key.Owner, "uscc", k.key.USCC, "handler", k.key.Person))
	})
}

type contractCmd struct {
	List     contractListCmd     `cmd:"" help:"contract_list"`
	Lots     contractLotsCmd     `cmd:"" help:"contract_lots"`
	Show     contractShowCmd     `cmd:"" help:"contract_show"`
	New      contractNewCmd      `cmd:"" help:"contract_new"`
	Attach   contractAttachCmd   `cmd:"" help:"contract_attach"`
	Submit   contractSubmitCmd   `cmd:"" help:"contract_submit"`
	Agree    contractAgreeCmd    `cmd:"" help:"contract_agree"`
	Reject   contractRejectCmd   `cmd:"" help:"contract_reject"`
	Withdraw contractWithdrawCmd `cmd:"" help:"contract_withdraw"`
	Edit     contractEditCmd     `cmd:"" help:"contract_edit"`
	Delete   contractDeleteCmd   `cmd:"" help:"contract_delete"`
	Seal     contractSealCmd     `cmd:"" help:"contract_seal"`
	Unseal   contractUnsealCmd   `cmd:"" help:"contract_unseal"`
	Publish  contractPublishCmd  `cmd:"" help:"contract_publish"`
	File     contractFileCmd     `cmd:"" help:"contract_file_with"`
	Amend    contractAmendCmd    `cmd:"" help:"contract_amend"`

	Flow      contractFlowCmd      `cmd:"" help:"contract_flow"`
	Templates contractTemplatesCmd `cmd:"" help:"contract_templates"`
	Terms     contractTermsCmd     `cmd:"" help:"contract_terms"`
	Calendar  contractCalendarCmd  `cmd:"" help:"contract_calendar"`
}

type contractListCmd struct {
	platformFlags
	State string `enum:",draft,sealed,awaiting,returned,countersigned,agreed,half_sealed,concluded,void" default:"" help:"contract_state"`
	Words string `placeholder:"TEXT" help:"contract_words"`
}

// Run prints {"contracts": [platformapi.ContractSummary...], "drafts": [...], "offline"}.
func (c *contractListCmd) Run(a *app, k *clerk) error {
	items := []platformapi.ContractSummary{}
	query := platformapi.ContractQuery{State: platformapi.ContractState(c.State), Words: c.Words}
	var page desk.Contracts
	for {
		var err error
		if page, err = k.session.Contracts(a.ctx, query); err != nil {
			return err
		}
		items = append(items, page.Items...)
		if query.Cursor = page.More; query.Cursor == "" {
			break
		}
	}
	works, err := k.session.Drafts(a.ctx)
	if err != nil {
		return err
	}
	drafts := []contractJSON{}
	for _, w := range works {
		drafts = append(drafts, contractOf(w.View(a.ctx)))
	}
	return a.tui.result(map[string]any{"contracts": items, "drafts": drafts, "offline": page.Offline}, func() {
		if page.Offline {
			a.tui.warn("ctl.contract.offline", "at", page.AsOf.Local().Format(time.DateTime))
		}
		if len(items)+len(drafts) == 0 {
			a.tui.warn("ctl.contract.none")
		}
		for _, d := range drafts {
			a.tui.print("%s\t%s\t%s", d.ID, a.state(d.State), d.Fields.Name)
		}
		for _, i := range items {
			a.tui.print("%s\t%s\t%s", i.ID, a.state(i.State), i.Fields.Name)
		}
	})
}

func (a *app) state(s platformapi.ContractState) string { return a.words.T("ctl.state." + string(s)) }

type contractLotsCmd struct {
	platformFlags
}

// Run prints {"lots": [platformapi.Lot...]}.
func (c *contractLotsCmd) Run(a *app, k *clerk) error {
	lots, err := k.session.Lots(a.ctx, "")
	if err != nil {
		return err
	}
	return a.tui.result(map[string]any{"lots": lots}, func() {
		for _, l := range lots {
			a.tui.print("%s\t%s %s %s\t%s\t%s", l.ID, l.ProjectName, l.Number, l.Name, amount.Fen(l.AwardFen).String(), string(l.Block))
		}
	})
}

// contractJSON is a contract in the answers of this program.
type contractJSON struct {
	ID          string                     `json:"id"`
	State       platformapi.ContractState  `json:"state"`
	Version     int64                      `json:"version"`
	Role        platformapi.Role           `json:"role"` // one's own
	Lot         string                     `json:"lot"`
	Kind        platformapi.ContractKind   `json:"kind"`
	Parent      string                     `json:"parent,omitempty"` // of a supplement, change or termination
	Fields      platformapi.ContractFields `json:"fields"`
	Missing     []desk.Field               `json:"missing"`
	Verdict     verify.Verdict             `json:"verdict,omitempty"` // on the sealed filing that came from the platform
	Waiting     int                        `json:"waiting"`           // changes without a receipt
	Attachments []platformapi.Attachment   `json:"attachments"`
	History     []platformapi.HistoryRow   `json:"history"`
	Deadlines   []platformapi.Deadline     `json:"deadlines"`
	Amendments  []platformapi.Amendment    `json:"amendments,omitempty"`
	Warnings    []platformapi.Warning      `json:"warnings,omitempty"`
	Publication *platformapi.Publication   `json:"publication,omitempty"`
	Filed       *platformapi.Filed         `json:"filed,omitempty"`
	Receipt     *platformapi.Receipt       `json:"receipt,omitempty"` // of the change just made
}

func contractOf(v desk.View) contractJSON {
	c := contractJSON{
		ID: v.ID, State: v.State, Version: v.Version, Role: v.Role, Lot: v.Lot.ID, Fields: v.Fields, Missing: v.Missing,
		Waiting: len(v.Waiting), Attachments: v.Attachments, History: v.History, Kind: v.Kind, Parent: v.Parent, Deadlines: v.Deadlines,
		Amendments: v.Amendments, Warnings: v.Warnings, Publication: v.Published, Filed: v.Filed,
	}
	if c.Deadlines == nil {
		c.Deadlines = []platformapi.Deadline{}
	}
	if v.Verdict != nil {
		c.Verdict = v.Verdict.Verdict
	}
	if c.Missing == nil {
		c.Missing = []desk.Field{}
	}
	if c.Attachments == nil {
		c.Attachments = []platformapi.Attachment{}
	}
	if c.History == nil {
		c.History = []platformapi.HistoryRow{}
	}
	return c
}

type contractShowCmd struct {
	platformFlags
	ID string `arg:"" help:"contract_id"`
}

// Run prints a contractJSON.
func (c *contractShowCmd) Run(a *app) error {
	_, w, err := c.contract(a, c.ID)
	if err != nil {
		return err
	}
	v := w.View(a.ctx)
	return a.tui.result(contractOf(v), func() {
		a.tui.print("%s\t%s\t%s", v.ID, a.state(v.State), v.Fields.Name)
		a.tui.print("%s — %s", v.Lot.Purchaser.Name, v.Lot.Supplier.Name)
		a.tui.print("%s\t%d\t%s", amount.Fen(v.Fields.AmountFen).String(), v.Fields.TermDays, v.Fields.SignedOn)
		for _, f := range v.Attachments {
			a.tui.print("  %s\t%s\t%s\t%s", string(f.Kind), string(f.Stage), f.Name, f.SHA256)
		}
		for _, h := range v.History {
			a.tui.print("  %s\t%s\t%s\t%s\t%s", a.words.Beijing(h.HandledAt, time.DateTime), string(h.Step), h.Organisation.Name, h.Person, h.Opinion)
		}
	})
}

// open takes a contract onto the desk as the platform has it now, with what the other side sent.
func (c *clerk) open(id string) (*desk.Work, error) {
	w, err := c.session.Open(c.a.ctx, id)
	if err != nil {
		return nil, err
	}
	return w, w.Receive(c.a.ctx)
}

// contract logs in and opens a contract on which an action, if one is named, can be done now.
func (p *platformFlags) contract(a *app, id string, action ...desk.Action) (*clerk, *desk.Work, error) {
	k, err := p.enter(a)
	if err != nil {
		return nil, nil, err
	}
	w, err := k.open(id)
	for _, one := range action {
		if err == nil {
			err = possible(w.View(a.ctx), one)
		}
	}
	return k, w, err
}

// formFlags are what the form has.
type formFlags struct {
	Name         string `placeholder:"TEXT" help:"contract_name"`
	Number       string `placeholder:"TEXT" help:"contract_number"`
	Amount       string `placeholder:"YUAN" help:"contract_amount"`
	AmountReason string `name:"amount-reason" placeholder:"TEXT" help:"contract_amount_reason"`
	Term         int    `placeholder:"DAYS" help:"contract_term"`
	Date         string `placeholder:"2006-01-02" help:"contract_date"`
}

type contractNewCmd struct {
	platformFlags
	formFlags
	Lot string `required:"" placeholder:"ID" help:"contract_lot"`
}

// Run prints a contractJSON. The contract is on the platform when the command ends with 0.
func (c *contractNewCmd) Run(a *app, k *clerk) error {
	lot, err := k.lot(c.Lot)
	if err != nil {
		return err
	}
	w, err := k.session.NewWork(a.ctx, lot)
	if err != nil {
		return err
	}
	fields, err := c.fields(w.View(a.ctx).Fields)
	if err != nil {
		return err
	}
	if err := w.Type(fields); err != nil {
		return err
	}
	return k.finish(w, c.Wait, func() (desk.Sent, error) { return w.Save(a.ctx) })
}

func (c *clerk) lot(id string) (platformapi.Lot, error) {
	lots, err := c.session.Lots(c.a.ctx, "")
	if err != nil {
		return platformapi.Lot{}, err
	}
	for _, l := range lots {
		if l.ID == id {
			return l, nil
		}
	}
	return platformapi.Lot{}, fault("lot_unknown", "lot", id)
}

// fields changes what was asked for; the desk has filled in what the lot tells.
func (c *formFlags) fields(f platformapi.ContractFields) (platformapi.ContractFields, error) {
	for value, to := range map[*string]*string{&c.Name: &f.Name, &c.Number: &f.Number, &c.AmountReason: &f.AmountReason, &c.Date: &f.SignedOn} {
		if *value != "" {
			*to = *value
		}
	}
	if c.Term != 0 {
		f.TermDays = c.Term
	}
	if c.Amount != "" {
		fen, err := amount.Parse(c.Amount)
		if err != nil {
			return f, err
		}
		f.AmountFen = int64(fen)
	}
	return f, nil
}

// finish hands a change over and waits for the platform's receipt.
func (c *clerk) finish(w *desk.Work, wait time.Duration, send func() (desk.Sent, error)) error {
	receipt, err := c.send(wait, send)
	if err != nil {
		return err
	}
	v := contractOf(w.View(c.a.ctx))
	v.Receipt = &receipt
	return c.a.tui.result(v, func() {
		c.a.tui.warn("ctl.contract.receipted", "id", v.ID, "state", c.a.state(v.State))
		c.a.tui.print("%s", v.ID)
	})
}

func (c *clerk) send(wait time.Duration, send func() (desk.Sent, error)) (platformapi.Receipt, error) {
	sent, err := send()
	if err != nil {
		return platformapi.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(c.a.ctx, wait)
	defer cancel()
	receipt, err := sent.Wait(ctx)
	if errors.Is(err, context.DeadlineExceeded) && c.a.ctx.Err() == nil {
		return receipt, fault("still_waiting", "wait", wait.String())
	}
	return receipt, err
}

type contractAttachCmd struct {
	platformFlags
	ID      string `arg:"" help:"contract_id"`
	File    string `arg:"" help:"contract_file"`
	Invoice bool   `help:"contract_invoice"`
}

// Run prints a contractJSON.
func (c *contractAttachCmd) Run(a *app) error {
	k, w, err := c.contract(a, c.ID, desk.ActionEdit)
	if err != nil {
		return err
	}
	if c.Invoice {
		if err := w.AttachInvoice(a.ctx, c.File); err != nil {
			return err
		}
	} else {
		report, err := k.attach(w, c.File)
		if err != nil {
			return err
		}
		if !a.tui.json {
			a.showCleaning(c.File, *report)
		}
	}
	return k.finish(w, c.Wait, func() (desk.Sent, error) { return w.Save(a.ctx) })
}

// possible says why an action cannot be done now.
func possible(v desk.View, action desk.Action) error {
	if why, ok := v.Why(action); !ok {
		return fault("not_possible", "reason", strings.TrimRight(why.What, "。."))
	}
	return nil
}

type contractSubmitCmd struct {
	platformFlags
	ID string   `arg:"" help:"contract_id"`
	At []string `placeholder:"PLACE" sep:"none" help:"contract_at"`
}

// Run prints a contractJSON. To seal a clean copy is to confirm it: what was taken out was shown by `contract attach`.
func (c *contractSubmitCmd) Run(a *app) error {
	places, err := placesOf(c.At)
	if err != nil {
		return err
	}
	k, w, err := c.contract(a, c.ID)
	if err != nil {
		return err
	}
	if v := w.View(a.ctx); v.Filing.Stage() != desk.StageSealed {
		if err := w.ConfirmClean(); err != nil {
			return err
		}
	}
	if v := w.View(a.ctx); v.Filing.Stage() != desk.StageSealed && !v.ReviewFirst {
		if err := possible(w.View(a.ctx), desk.ActionSeal); err != nil {
			return err
		}
		if err := k.seal(w, places); err != nil {
			return err
		}
	}
	if err := possible(w.View(a.ctx), desk.ActionSubmit); err != nil {
		return err
	}
	return k.finish(w, c.Wait, func() (desk.Sent, error) { return w.Submit(a.ctx) })
}

type contractAgreeCmd struct {
	platformFlags
	ID      string   `arg:"" help:"contract_id"`
	At      []string `placeholder:"PLACE" sep:"none" help:"contract_at"`
	Opinion string   `placeholder:"TEXT" help:"contract_opinion"`
}

// Run prints a contractJSON. The other party's seal must be valid.
func (c *contractAgreeCmd) Run(a *app) error {
	places, err := placesOf(c.At)
	if err != nil {
		return err
	}
	k, w, err := c.contract(a, c.ID)
	if err != nil {
		return err
	}
	if v := w.View(a.ctx); !v.ReviewFirst && v.Filing.Stage() != desk.StageSealed && v.State != platformapi.StateCountersigned {
		if err := possible(v, desk.ActionSeal); err != nil {
			return err
		}
		if err := k.seal(w, places); err != nil {
			return err
		}
	}
	if err := possible(w.View(a.ctx), desk.ActionAgree); err != nil {
		return err
	}
	return k.finish(w, c.Wait, func() (desk.Sent, error) { return w.Agree(a.ctx, c.Opinion) })
}

type contractRejectCmd struct {
	platformFlags
	ID      string `arg:"" help:"contract_id"`
	Opinion string `required:"" placeholder:"TEXT" help:"contract_opinion"`
}

// Run prints a contractJSON.
func (c *contractRejectCmd) Run(a *app) error {
	return c.move(a, c.ID, desk.ActionRefuse, func(w *desk.Work) (desk.Sent, error) { return w.Refuse(a.ctx, c.Opinion) })
}

type contractWithdrawCmd struct {
	platformFlags
	ID string `arg:"" help:"contract_id"`
}

// Run prints a contractJSON.
func (c *contractWithdrawCmd) Run(a *app) error {
	return c.move(a, c.ID, desk.ActionWithdraw, func(w *desk.Work) (desk.Sent, error) { return w.Withdraw(a.ctx) })
}

func (p *platformFlags) move(a *app, id string, action desk.Action, send func(*desk.Work) (desk.Sent, error)) error {
	k, w, err := p.contract(a, id, action)
	if err != nil {
		return err
	}
	return k.finish(w, p.Wait, func() (desk.Sent, error) { return send(w) })
}
