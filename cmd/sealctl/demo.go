package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"sealdesk/cmd/internal/demo"
	"sealdesk/platformapi"
	"sealdesk/signer/verify"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/amount"
)

type demoCmd struct {
	Algorithm string `enum:"rsa,ecdsa,sm2" default:"rsa" help:"demo_algorithm"`
	Token     string `placeholder:"URI" help:"demo_token"`
	Token2    string `name:"token2" placeholder:"URI" help:"demo_token2"`
	In        string `placeholder:"FILE" help:"demo_in"`
	Out       string `placeholder:"FILE" help:"demo_out"`
	Work      string `placeholder:"DIR" help:"demo_work"`
}

// demoJSON is the answer of `demo`.
type demoJSON struct {
	Work     string         `json:"work"`
	File     string         `json:"file"`
	Roots    string         `json:"roots"`
	Contract string         `json:"contract"`
	Verdict  verify.Verdict `json:"verdict"`
}

// demoTerm is how long the contract runs, in days.
const demoTerm = 60

// receiptTime is how long the embedded platform may take.
const receiptTime = 2 * time.Minute

// Run plays the manual's two halves and prints {"work", "file", "roots", "contract", "verdict"}.
func (c *demoCmd) Run(a *app) error {
	if c.Work == "" {
		dir, err := os.MkdirTemp("", "sealdesk-demo-")
		if err != nil {
			return err
		}
		c.Work = dir
	}
	buyer, buyerPIN, err := c.holder(a, c.Token)
	if err != nil {
		return err
	}
	defer token.Wipe(buyerPIN)
	seller, sellerPIN, err := c.holder(a, c.Token2)
	if err != nil {
		return err
	}
	defer token.Wipe(sellerPIN)
	world, err := demo.Open(a.ctx, demo.Options{Work: c.Work, Algorithm: ca.Algorithm(c.Algorithm), Purchaser: buyer, Supplier: seller})
	if err != nil {
		return err
	}
	defer world.Close()
	if c.In == "" {
		c.In = world.Sample
	}
	if c.Out == "" {
		c.Out = filepath.Join(world.Work, demo.FinalName)
	}
	o, err := openOffice(a, desk.Config{
		Folders: world.Folders, Drivers: world.Drivers, PlatformName: demo.PlatformName, Roots: world.Roots, Makers: world.Makers, Connect: world.Connect,
		DemoPINs: world.PINs,
	})
	if err != nil {
		return err
	}
	defer o.Close()

	p := play{a: a, world: world, office: o, in: c.In, out: c.Out}
	p.say("where", "work", world.Work)
	p.say("platform", "name", demo.PlatformName, "url", world.URL, "algorithm", c.Algorithm)
	if err := p.run(buyerPIN, sellerPIN); err != nil {
		return err
	}
	v := demoJSON{Work: world.Work, File: c.Out, Roots: world.RootsFile, Contract: p.contract, Verdict: verify.Valid}
	if a.tui.json {
		return encode(a.tui.out, v)
	}
	p.say("final", "file", c.Out)
	p.say("roots", "file", world.RootsFile)
	return nil
}

// holder finds a token that was named on the command line, and its PIN. None named is none.
func (c *demoCmd) holder(a *app, uri string) (*demo.Holder, []byte, error) {
	if uri == "" {
		return nil, nil, nil
	}
	f, u, err := a.one(uri)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	pin, err := a.pin("", u, prompt(a, f.info.Label))
	if err != nil {
		return nil, nil, err
	}
	return &demo.Holder{Driver: f.driver, URI: f.info.URI}, pin, nil
}

// A play is the manual's script, played once.
type play struct {
	a        *app
	world    *demo.World
	office   *office
	in, out  string
	contract string
}

// say prints a step in the manual's words.
func (p *play) say(step string, pairs ...any) {
	if !p.a.tui.json {
		p.a.tui.print("%s", p.a.words.T("demo.step."+step, pairs...))
	}
}

func (p *play) run(buyerPIN, sellerPIN []byte) error {
	if err := p.purchaserStarts(buyerPIN); err != nil {
		return err
	}
	if err := p.supplierSigns(sellerPIN); err != nil {
		return err
	}
	return p.publication(buyerPIN)
}

// enter logs a party in: with the PIN of its own token, or the demo's.
func (p *play) enter(party demo.Party, pin []byte) (*clerk, error) {
	own := append([]byte(nil), pin...)
	if party.PIN != "" {
		own = []byte(party.PIN)
	}
	key, err := p.office.find(p.a, party.URI, "")
	if err != nil {
		token.Wipe(own)
		return nil, err
	}
	return p.office.login(p.a, key, own)
}

// purchaserStarts is 一、采购单位发起签章.
func (p *play) purchaserStarts(pin []byte) error {
	ctx, party := p.a.ctx, p.world.Purchaser
	p.say("one", "name", party.Name)
	k, err := p.enter(party, pin)
	if err != nil {
		return err
	}
	defer k.leave()
	p.say("login", "step", "1", "name", party.Name, "handler", party.Handler)

	lot, err := p.freeLot(k)
	if err != nil {
		return err
	}
	w, err := k.session.NewWork(ctx, lot)
	if err != nil {
		return err
	}
	p.contract = w.ID()
	p.say("lot", "step", "2", "project", lot.ProjectName, "lot", lot.Number+" "+lot.Name)

	fields := w.View(ctx).Fields
	fields.TermDays = demoTerm
	if err := w.Type(fields); err != nil {
		return err
	}
	p.say("fields", "step", "3", "amount", amount.Fen(fields.AmountFen).String(), "term", fields.TermDays, "date", fields.SignedOn)
	report, err := k.attach(w, p.in)
	if err != nil {
		return err
	}
	p.say("upload", "step", "3.1", "file", filepath.Base(p.in))
	p.say("clean", "step", "3.2", "pages", report.Pages, "items", len(report.Items))
	for _, i := range report.Items {
		if !p.a.tui.json {
			p.a.tui.print("    - %s %s %s", p.a.kind(i.Kind), i.Author, i.Text)
		}
	}
	if err := w.ConfirmClean(); err != nil {
		return err
	}
	if err := k.seal(w, nil); err != nil {
		return err
	}
	p.say("seal", "step", "3.3", "name", party.Name)
	if _, err := k.send(receiptTime, func() (desk.Sent, error) { return w.Submit(ctx) }); err != nil {
		return err
	}
	p.say("submit", "step", "4")
	return nil
}

// freeLot is a procurement lot that has no contract yet. When all are taken, the world awards one more.
func (p *play) freeLot(k *clerk) (platformapi.Lot, error) {
	lots, err := k.session.Lots(p.a.ctx, platformapi.LotProcurement)
	if err != nil {
		return platformapi.Lot{}, err
	}
	for _, l := range lots {
		if l.Block == "" && l.MyRole == platformapi.RolePurchaser && l.Supplier.USCC == p.world.Supplier.USCC {
			return l, nil
		}
	}
	id, err := p.world.AddLot(p.a.ctx)
	if err != nil {
		return platformapi.Lot{}, err
	}
	return k.lot(id)
}

// supplierSigns is 二、中标单位合同签章.
func (p *play) supplierSigns(pin []byte) error {
	ctx, party := p.a.ctx, p.world.Supplier
	p.say("two", "name", party.Name)
	k, err := p.enter(party, pin)
	if err != nil {
		return err
	}
	defer k.leave()
	w, err := k.open(p.contract)
	if err != nil {
		return err
	}
	if _, err := k.session.Flow(ctx, w.View(ctx).Lot.ID); err != nil {
		return err
	}
	p.say("flow", "step", "1")
	p.say("view", "step", "2", "verdict", p.sentence(w.View(ctx).Verdict))
	if err := k.seal(w, nil); err != nil {
		return err
	}
	p.say("seal", "step", "3", "name", party.Name)
	if _, err := k.send(receiptTime, func() (desk.Sent, error) { return w.Agree(ctx, p.a.words.T("demo.opinion")) }); err != nil {
		return err
	}
	p.say("agree", "step", "4")
	return nil
}

// publication is 公示, and the final file in the purchaser's hands.
func (p *play) publication(pin []byte) error {
	ctx := p.a.ctx
	p.say("three")
	k, err := p.enter(p.world.Purchaser, pin)
	if err != nil {
		return err
	}
	defer k.leave()
	w, err := k.open(p.contract)
	if err != nil {
		return err
	}
	show, end := p.a.tui.progress()
	_, err = w.MakePublic(ctx, desk.PublicRequest{}, show)
	end()
	if err != nil {
		return err
	}
	if _, err := k.send(receiptTime, func() (desk.Sent, error) { return w.Publish(ctx) }); err != nil {
		return err
	}
	p.say("publish", "step", "1")
	final := w.View(ctx).Received
	if final == nil {
		return errors.New("the platform holds no sealed filing of a concluded contract")
	}
	report, err := p.deliver(ctx, w, *final)
	if err != nil {
		return err
	}
	p.say("verdict", "verdict", p.sentence(report))
	return nil
}

// deliver gives the final file its name once it was read back and found valid. The demo's own result of an earlier run is
// replaced.
func (p *play) deliver(ctx context.Context, w *desk.Work, final desk.File) (*verify.Report, error) {
	dir, err := os.MkdirTemp(filepath.Dir(p.out), ".sealctl-*")
	if err != nil {
		return nil, fault("file_not_writable", "file", p.out, "cause", err)
	}
	defer os.RemoveAll(dir)
	tmp := filepath.Join(dir, "final.pdf")
	if err := w.Export(ctx, final, tmp); err != nil {
		return nil, err
	}
	report, err := p.a.judge(tmp, verify.Options{Roots: p.world.Roots, Makers: p.world.Makers})
	if err != nil {
		return nil, err
	}
	if !report.Valid() {
		p.a.showReport(p.out, report)
		return nil, fault("verdict", "verdict", string(report.Verdict))
	}
	if err := os.Rename(tmp, p.out); err != nil {
		return nil, fault("file_not_writable", "file", p.out, "cause", err)
	}
	return report, nil
}

// sentence is a verdict in one sentence.
func (p *play) sentence(r *verify.Report) string {
	if r == nil {
		return p.a.words.T("ctl.verdict.unsigned")
	}
	said := r.Sentence()
	if s, ok := p.a.words.Sentence(said.Code, said.Params); ok {
		return s
	}
	return p.a.words.T("ctl.verdict." + string(r.Verdict))
}
