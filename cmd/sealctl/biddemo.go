package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/demo"
	"sealdesk/platformapi"
	"sealdesk/signer/bid"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/amount"
	"sealdesk/ui/desk/hall"
)

type bidDemoCmd struct {
	Token    string        `placeholder:"URI" help:"bid_demo_token"`
	Token2   string        `name:"token2" placeholder:"URI" help:"bid_demo_token2"`
	Phone    bool          `help:"bid_demo_phone"`
	Deadline time.Duration `default:"0s" help:"bid_demo_deadline"`
	Work     string        `placeholder:"DIR" help:"demo_work"`
}

// bidDemoJSON is the answer of `bid demo`.
type bidDemoJSON struct {
	Work   string          `json:"work"`
	Tender string          `json:"tender"`
	State  string          `json:"state"`
	Record string          `json:"record"` // what was signed
	Paper  string          `json:"paper"`  // to be printed
	Bids   []bidDemoResult `json:"bids"`
}

type bidDemoResult struct {
	Bidder string `json:"bidder"`
	State  string `json:"state"`
	Tries  int    `json:"tries"` // that failed
	Price  string `json:"price"`
}

// How long bids are taken in a demo: what three take to be made, with people at a phone longer.
const (
	demoDeadline  = 20 * time.Second
	phoneDeadline = 4 * time.Minute
)

// prices are what the bidders offer, in yuan.
var prices = []string{"3000000.00", "2980000.00", "3100000.00"}

// Run plays a tender from its publication to the signed record, and prints {"work", "tender", "state", "record", "paper", "bids"}.
func (c *bidDemoCmd) Run(a *app) error {
	if c.Work == "" {
		dir, err := os.MkdirTemp("", "sealdesk-demo-")
		if err != nil {
			return err
		}
		c.Work = dir
	}
	if c.Deadline == 0 {
		c.Deadline = demoDeadline
		if c.Phone {
			c.Deadline = phoneDeadline
		}
	}
	o := demo.Options{Work: c.Work, Algorithm: ca.RSA}
	if c.Phone {
		o.Console = a.tui.err
	}
	p := &bidPlay{a: a}
	p.say("begin", "work", c.Work) // making everybody's keys takes a while
	world, err := demo.Open(a.ctx, o)
	if err != nil {
		return err
	}
	defer world.Close()
	p.world = world
	defer p.leave()
	if err := p.cast(c); err != nil {
		return err
	}
	if err := p.run(c.Deadline); err != nil {
		return err
	}
	return p.answer()
}

// A bidPlay is a tender and its opening, played once.
type bidPlay struct {
	a        *app
	world    *demo.World
	host     *hand
	terminal *hand
	watcher  *hand // the supervisor
	bidders  []*hand
	phone    bool // the first bidder's key is on a phone
	wrong    *hand
	late     *hand
	tender   platformapi.Tender
	bids     []platformapi.Bid // by bidder
	record   string
	paper    string
}

// say prints a step in the manual's words.
func (p *bidPlay) say(step string, pairs ...any) {
	if !p.a.tui.json {
		p.a.tui.print("%s", p.a.words.T("biddemo.step."+step, pairs...))
	}
}

// leave wipes the PINs of keys that were brought along.
func (p *bidPlay) leave() {
	for _, b := range p.bidders {
		token.Wipe(b.pin)
	}
}

// cast finds everybody's keys, and logs them in.
func (p *bidPlay) cast(c *bidDemoCmd) error {
	ctx, w := p.a.ctx, p.world
	crew, err := w.CastOpening(ctx)
	if err != nil {
		return err
	}
	for _, one := range []struct {
		hand  **hand
		party demo.Party
	}{{&p.host, w.Purchaser}, {&p.terminal, crew.Terminal}, {&p.watcher, crew.Supervisor}} {
		if *one.hand, err = handOf(ctx, w, one.party); err != nil {
			return err
		}
	}
	for i, uri := range []string{"", c.Token, c.Token2} {
		party := crew.Bidders[i]
		h := &hand{}
		switch {
		case i == 0 && c.Phone:
			h.Party, h.PIN, p.phone = party, "", true
			h.driver, err = mobileca.Open(mobileca.Config{Service: w.MobileCA, Name: p.a.words.T("scan.phone"), Screen: &terminalScreen{tui: p.a.tui},
				Platform: mobileca.Platform{Name: demo.PlatformName, Origin: w.URL}})
		case uri != "":
			h, err = p.bring(uri)
		default:
			h, err = handOf(ctx, w, party)
		}
		if err != nil {
			return err
		}
		p.bidders = append(p.bidders, h)
	}
	other, driver, err := w.OtherKey(ctx, p.bidders[2].Party)
	if err != nil {
		return err
	}
	p.wrong = &hand{Party: other, driver: driver}
	if other, driver, err = w.Latecomer(ctx); err != nil {
		return err
	}
	p.late = &hand{Party: other, driver: driver}
	p.say("where", "work", w.Work, "platform", demo.PlatformName, "url", w.URL)
	for _, h := range append([]*hand{p.host, p.terminal, p.watcher, p.late}, p.bidders...) {
		if err := h.enter(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// bring has a bidder come with a key of its own, whose certificate is of the demo's authority.
func (p *bidPlay) bring(uri string) (*hand, error) {
	f, u, err := p.a.one(uri)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	party, err := p.world.Bring(p.a.ctx, demo.Holder{Driver: f.driver, URI: f.info.URI})
	if err != nil {
		return nil, err
	}
	pin, err := p.a.pin("", u, prompt(p.a, f.info.Label))
	return &hand{Party: party, driver: solo{f.driver, f.info.URI}, pin: pin}, err
}

func (p *bidPlay) run(deadline time.Duration) error {
	for _, act := range []func() error{
		func() error { return p.publish(deadline) }, p.handIn, p.announce, p.signIn, p.decryption, p.readOut, p.objection, p.signatures,
	} {
		if err := act(); err != nil {
			return err
		}
	}
	return nil
}

// publish is 一、招标.
func (p *bidPlay) publish(deadline time.Duration) error {
	id, err := p.world.AddTender(p.a.ctx, demo.TenderPlan{Deadline: deadline})
	if err != nil {
		return err
	}
	p.tender, err = p.host.platform.Tender(p.a.ctx, id)
	if err != nil {
		return err
	}
	t := p.tender
	p.say("tender", "number", t.Number, "name", t.Name, "lot", t.LotName, "host", p.host.Name, "deadline", p.a.words.Beijing(t.Deadline, time.TimeOnly))
	return nil
}

// handIn is 二、投标: each bidder makes, encrypts and uploads its bid.
func (p *bidPlay) handIn() error {
	p.say("bids")
	for i, h := range p.bidders {
		path, manifest, err := p.build(h, prices[i])
		if err != nil {
			return err
		}
		p.say("built", "bidder", h.Name, "cipher", string(manifest.Cipher), "serial", manifest.Recipients[0].Serial, "file", filepath.Base(path))
		out, err := p.upload(h, path)
		if err != nil {
			return err
		}
		p.bids = append(p.bids, out.Bid)
		p.say("received", "bidder", h.Name, "number", out.Receipt.Number, "time", p.a.words.Beijing(out.Receipt.At, "15:04:05.000"))
	}
	return nil
}

// build makes a bid of what the tender asks for, in the demo's folder.
func (p *bidPlay) build(h *hand, price string) (string, *bid.Manifest, error) {
	ctx, t := p.a.ctx, p.tender
	data, err := h.platform.(platformapi.TenderReader).Outline(ctx, t)
	if err != nil {
		return "", nil, err
	}
	outline, err := bid.ReadOutline(bytes.NewReader(data))
	if err != nil {
		return "", nil, err
	}
	dir := filepath.Join(p.world.Work, "bids", t.Number, h.USCC)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	b := bid.Builder{Bidder: bid.Bidder{Code: h.USCC, Name: h.Name}, Program: "sealctl bid demo", Outer: true, Out: filepath.Join(dir, h.USCC+".bid")}
	for _, part := range outline.Parts {
		if part.Required {
			path := filepath.Join(dir, part.Name+".pdf")
			if err := create(path, demo.Page(part.Code+" "+h.USCC+" "+t.Number)); err != nil {
				return "", nil, err
			}
			b.Parts = append(b.Parts, bid.Source{Code: part.Code, Path: path})
		}
	}
	sum, err := amount.Parse(price)
	if err != nil {
		return "", nil, err
	}
	b.Price.Fields = []bid.Field{{Name: t.ReadOut[0], Value: price, Capitals: sum.Capitals()}, {Name: t.ReadOut[1], Value: "30"}, {Name: t.ReadOut[2], Value: p.a.words.T("biddemo.warranty")}}
	outline.Apply(&b)
	if found := outline.Check(&b, money); len(found) > 0 {
		return "", nil, p.a.lacking(t.Number, found)
	}
	var result bid.Result
	err = h.with(ctx, mobileca.Purpose{Kind: mobileca.Bid, Summary: t.Name, Document: &mobileca.Document{Title: t.Name, File: filepath.Base(b.Out)}}, func(k unlockedKey) error {
		if k.box == nil {
			return fault("bid_no_encryption", "token", h.URI)
		}
		b.Signer, b.Chain, b.Recipients = k.Signer, k.Chain, []*smx509.Certificate{k.box}
		b.Platform, err = platformFor(t, k.box)
		if err == nil {
			result, err = b.Build(ctx)
		}
		return err
	})
	return b.Out, result.Manifest, err
}

// platformFor is the platform's certificate of the same kind as the bidder's: one bid has one cipher.
func platformFor(t platformapi.Tender, box *smx509.Certificate) (*smx509.Certificate, error) {
	want := platformapi.BidRSA
	if alg, err := ca.AlgorithmOf(box.PublicKey); err == nil && alg == ca.SM2 {
		want = platformapi.BidSM2
	}
	for _, c := range t.PlatformCertificates {
		if c.Algorithm == want {
			return smx509.ParseCertificate(c.Certificate)
		}
	}
	return nil, fault("bid_no_platform_key", "tender", t.Number)
}

func (p *bidPlay) upload(h *hand, path string) (platformapi.BidOutcome, error) {
	ctx, bidder := p.a.ctx, h.platform.(platformapi.Bidder)
	sum, err := digestOf(path)
	if err != nil {
		return platformapi.BidOutcome{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return platformapi.BidOutcome{}, fault("file_unreadable", "file", path, "cause", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return platformapi.BidOutcome{}, fault("file_unreadable", "file", path, "cause", err)
	}
	b, err := bidder.BeginBid(ctx, platformapi.NewID(), p.tender.ID, platformapi.NewBid{ID: platformapi.NewID(), Size: info.Size(), SHA256: sum, Name: filepath.Base(path)})
	if err != nil {
		return platformapi.BidOutcome{}, err
	}
	if err := bidder.SendBid(ctx, b, f, nil); err != nil {
		return platformapi.BidOutcome{}, err
	}
	return bidder.CompleteBid(ctx, platformapi.NewID(), b.ID)
}

// announce is 三、开标: at the deadline by the platform's clock the host announces the bidders.
func (p *bidPlay) announce() error {
	room, err := p.host.room(p.a.ctx, p.tender.ID)
	if err != nil {
		return err
	}
	v, _ := room.View()
	p.say("waiting", "seconds", int(v.Countdown().Left.Seconds()))
	select {
	case <-time.After(v.Countdown().Left + 50*time.Millisecond):
	case <-p.a.ctx.Done():
		return p.a.ctx.Err()
	}
	if err := p.tooLate(); err != nil {
		return err
	}
	if err := p.conduct(platformapi.OpeningAct{Act: platformapi.MoveAnnounce}); err != nil {
		return err
	}
	room, err = p.watcher.room(p.a.ctx, p.tender.ID)
	if err != nil {
		return err
	}
	v, _ = room.View()
	p.say("announced", "count", len(v.Bids))
	for _, b := range v.Bids {
		p.say("bidder", "bidder", b.Bidder.Name, "receipt", b.Receipt)
	}
	for _, l := range v.Tender.Late {
		p.say("late_told", "bidder", l.Bidder.Name, "time", p.a.words.Beijing(l.At, "15:04:05.000"))
	}
	return nil
}

// tooLate is a bidder who comes when the deadline has passed. It is refused, and everybody is told with the announcement.
func (p *bidPlay) tooLate() error {
	path, _, err := p.build(p.late, prices[0])
	if err != nil {
		return err
	}
	_, err = p.upload(p.late, path)
	if err == nil {
		return errors.New("a bid was taken after the deadline")
	}
	if platformapi.IsCode(err, platformapi.CodeTenderClosed) {
		p.say("late", "bidder", p.late.Name, "what", p.a.words.Problem(err).What)
		return nil
	}
	return err
}

// conduct is an act of the host.
func (p *bidPlay) conduct(act platformapi.OpeningAct) error {
	room, err := p.host.room(p.a.ctx, p.tender.ID)
	if err != nil {
		return err
	}
	return room.Conduct(p.a.ctx, act)
}

// signIn is 签到: the first bidder from where it is, the others at the terminal.
func (p *bidPlay) signIn() error {
	for i, h := range p.bidders {
		by, person := p.terminal, h.Handler
		if i == 0 {
			by = h
		}
		if person == "" {
			person = h.Name // a guest's certificate may name nobody
		}
		room, err := by.room(p.a.ctx, p.tender.ID)
		if err == nil {
			err = room.SignIn(p.a.ctx, p.bids[i].ID, person)
		}
		if err != nil {
			return err
		}
		v, _ := room.View()
		b, _ := v.Bid(p.bids[i].ID)
		p.say("signed_in", "bidder", h.Name, "person", b.SignedInBy, "place", p.a.words.T("hall.present_"+string(b.SignedInPlace)))
	}
	return nil
}

// decryption is 四、解密. The first bidder decrypts from where it is, the others come to the terminal, the last one with a wrong key
// first.
func (p *bidPlay) decryption() error {
	if err := p.conduct(platformapi.OpeningAct{Act: platformapi.MoveStart}); err != nil {
		return err
	}
	p.say("started", "minutes", p.tender.DecryptMinutes)
	home, err := p.bidders[0].room(p.a.ctx, p.tender.ID)
	if err != nil {
		return err
	}
	if p.phone {
		stand := hall.NewStand(home, (&port{}).keys(p.bidders[0].byPhone))
		if err := stand.Scan(p.a.ctx, p.bids[0].ID); err != nil {
			return err
		}
		p.say("decrypted", "bidder", p.bidders[0].Name)
	} else if err := p.plug(home, p.bidders[0]); err != nil {
		return err
	}
	room, err := p.terminal.room(p.a.ctx, p.tender.ID)
	if err != nil {
		return err
	}
	for _, h := range []*hand{p.bidders[1], p.wrong, p.bidders[2]} {
		err := p.plug(room, h)
		if wrong := (&hall.Error{Kind: hall.WrongCertificate}); h == p.wrong && errors.Is(err, wrong) {
			p.say("wrong_key", "bidder", h.Name, "what", p.a.words.Problem(err).What)
			continue
		}
		if err == nil && h == p.wrong {
			err = errors.New("a key opened a bid that was not made for it")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plug puts a key into the port of a stand, and types its PIN.
func (p *bidPlay) plug(room *hall.Room, h *hand) error {
	if err := room.Read(p.a.ctx); err != nil {
		return err
	}
	stand := hall.NewStand(room, (&port{[]token.Driver{h.driver}}).keys(nil))
	if err := stand.Look(p.a.ctx); err != nil {
		return err
	}
	v, _ := stand.View()
	if v.Stage != hall.Asking {
		return cmp.Or(v.Problem, error(&hall.Error{Kind: hall.NotWaiting, Bidder: h.Name}))
	}
	p.say("plugged", "bidder", v.Seat.Bid.Bidder.Name, "serial", v.Seat.Needed)
	pin := append([]byte(nil), h.pin...)
	if h.PIN != "" {
		pin = []byte(h.PIN)
	}
	if err := stand.Enter(p.a.ctx, v.Seat.Key.URI, pin, false); err != nil {
		return err
	}
	p.say("decrypted", "bidder", v.Seat.Bid.Bidder.Name)
	return nil
}

// readOut is 五、唱标.
func (p *bidPlay) readOut() error {
	if err := p.conduct(platformapi.OpeningAct{Act: platformapi.MoveReadOut}); err != nil {
		return err
	}
	room, err := p.watcher.room(p.a.ctx, p.tender.ID)
	if err != nil {
		return err
	}
	v, _ := room.View()
	p.say("read_out")
	for _, b := range v.Bids {
		line := b.Bidder.Name
		for _, f := range b.Price {
			line += fmt.Sprintf("\t%s %s %s", f.Name, f.Value, f.Capitals)
		}
		if !p.a.tui.json {
			p.a.tui.print("    %s", line)
		}
	}
	return nil
}

// objection is an objection of the second bidder, which the host answers.
func (p *bidPlay) objection() error {
	ctx, text, answer := p.a.ctx, p.a.words.T("biddemo.objection"), p.a.words.T("biddemo.answer")
	room, err := p.bidders[1].room(ctx, p.tender.ID)
	if err == nil {
		err = room.Object(ctx, p.bids[1].ID, text)
	}
	if err != nil {
		return err
	}
	p.say("objected", "bidder", p.bidders[1].Name, "text", text)
	if room, err = p.host.room(ctx, p.tender.ID); err != nil {
		return err
	}
	v, _ := room.View()
	b, _ := v.Bid(p.bids[1].ID)
	if len(b.Objections) != 1 {
		return errors.New("the host does not see the objection")
	}
	if err := room.Answer(ctx, b.ID, b.Objections[0].ID, answer); err != nil {
		return err
	}
	p.say("answered", "text", answer)
	return nil
}

// signatures is 六、签名确认: the record is written, signed by all, and kept beside the bids.
func (p *bidPlay) signatures() error {
	if err := p.conduct(platformapi.OpeningAct{Act: platformapi.MoveClose}); err != nil {
		return err
	}
	for _, h := range append([]*hand{p.host}, p.bidders...) {
		if err := p.sign(h); err != nil {
			return err
		}
		p.say("record_signed", "name", h.Name)
	}
	if err := p.conduct(platformapi.OpeningAct{Act: platformapi.MoveEnd}); err != nil {
		return err
	}
	return p.keep()
}

// sign reads the record and signs it. The phone shows what it is.
func (p *bidPlay) sign(h *hand) error {
	ctx := p.a.ctx
	room, err := h.room(ctx, p.tender.ID)
	if err != nil {
		return err
	}
	record, err := room.Record(ctx)
	if err != nil {
		return err
	}
	title := p.a.words.T("hall.record")
	purpose := mobileca.Purpose{Kind: mobileca.Sign, Document: &mobileca.Document{Title: title, Size: int64(len(record))}}
	return h.with(ctx, purpose, func(k unlockedKey) error {
		return room.SignRecord(ctx, record, desk.RecordSigner(k.PlatformKey, room.Clock().Now()))
	})
}

// keep writes the record, and a paper of it, into the demo's folder.
func (p *bidPlay) keep() error {
	ctx := p.a.ctx
	room, err := p.watcher.room(ctx, p.tender.ID)
	if err != nil {
		return err
	}
	v, _ := room.View()
	record, err := room.Record(ctx)
	if err != nil {
		return err
	}
	dir := filepath.Join(p.world.Work, "bids", p.tender.Number)
	p.record, p.paper = filepath.Join(dir, "record.json"), filepath.Join(dir, "record.pdf")
	if err := create(p.record, record); err != nil {
		return err
	}
	if err := desk.WriteRecord(p.a.words, v, p.paper); err != nil {
		return err
	}
	p.tender = v.Tender
	p.bids = v.Bids
	p.say("ended", "record", p.record, "paper", p.paper)
	return nil
}

func (p *bidPlay) answer() error {
	if !p.a.tui.json {
		return nil
	}
	v := bidDemoJSON{Work: p.world.Work, Tender: p.tender.Number, State: string(p.tender.State), Record: p.record, Paper: p.paper, Bids: []bidDemoResult{}}
	for _, b := range p.bids {
		r := bidDemoResult{Bidder: b.Bidder.Name, State: string(b.State), Tries: b.Tries}
		if len(b.Price) > 0 {
			r.Price = b.Price[0].Value
		}
		v.Bids = append(v.Bids, r)
	}
	return encode(p.a.tui.out, v)
}
