package main

import (
	"cmp"
	"context"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/bid"
	"sealdesk/signer/finding"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca"
	"sealdesk/ui/desk/amount"
	"sealdesk/ui/desk/checkup"
)

type bidCmd struct {
	Build       bidBuildCmd       `cmd:"" help:"bid_build"`
	Encrypt     bidEncryptCmd     `cmd:"" help:"bid_encrypt"`
	Decrypt     bidDecryptCmd     `cmd:"" help:"bid_decrypt"`
	Verify      bidVerifyCmd      `cmd:"" help:"bid_verify"`
	Certificate bidCertificateCmd `cmd:"" help:"bid_certificate"`
	Tenders     bidTendersCmd     `cmd:"" help:"bid_tenders"`
	Outline     bidOutlineCmd     `cmd:"" help:"bid_outline_get"`
	Upload      bidUploadCmd      `cmd:"" help:"bid_upload"`
	Withdraw    bidWithdrawCmd    `cmd:"" help:"bid_withdraw"`
	List        bidListCmd        `cmd:"" help:"bid_list"`
	Receipt     bidReceiptCmd     `cmd:"" help:"bid_receipt"`
	Credit      bidCreditCmd      `cmd:"" help:"bid_credit"`
	Demo        bidDemoCmd        `cmd:"" help:"bid_demo"`
}

type bidBuildCmd struct {
	Outline   string   `required:"" placeholder:"OUTLINE.json" help:"bid_outline"`
	Part      []string `placeholder:"CODE=FILE" sep:"none" help:"bid_part"`
	Price     []string `placeholder:"FIELD=VALUE" sep:"none" help:"bid_price"`
	Capitals  []string `placeholder:"FIELD=TEXT" sep:"none" help:"bid_capitals"`
	Out       string   `required:"" short:"o" placeholder:"OUT.bid" help:"bid_out"`
	Token     string   `required:"" placeholder:"URI" help:"token_uri"`
	Cert      string   `placeholder:"ID" help:"sign_cert"`
	PINFile   string   `name:"pin-file" placeholder:"FILE" help:"pin_file"`
	Recipient []string `placeholder:"CERT.pem" sep:"none" help:"bid_recipient"`
	Platform  string   `placeholder:"CERT.pem" help:"bid_platform"`
	Encrypt   bool     `help:"bid_encrypt_now"`
	Name      string   `placeholder:"ORG" help:"bid_name"`
	Code      string   `placeholder:"CODE" help:"bid_code"`
}

// bidJSON is the answer of `bid build` and `bid encrypt`.
type bidJSON struct {
	File     string        `json:"file"`
	Size     int64         `json:"size"`
	Manifest *bid.Manifest `json:"manifest"`
}

// Run prints {"file", "size", "manifest"}. What the outline finds wrong is told all at once, before a PIN is asked.
func (c *bidBuildCmd) Run(a *app) error {
	if err := mustBeFree(c.Out); err != nil {
		return err
	}
	outline, err := readOutline(c.Outline)
	if err != nil {
		return err
	}
	b := bid.Builder{Out: c.Out, Outer: c.Encrypt, Program: "SealDesk " + cmp.Or(version, checkup.ThisProgram("sealctl", version).Version, "devel")}
	for _, text := range c.Part {
		code, path, ok := strings.Cut(text, "=")
		if !ok {
			return fault("bid_pair", "text", text)
		}
		b.Parts = append(b.Parts, bid.Source{Code: code, Path: path})
	}
	if b.Price, err = c.price(outline); err != nil {
		return err
	}
	outline.Apply(&b)
	if found := outline.Check(&b, money); len(found) > 0 {
		return a.lacking(c.Outline, found)
	}
	if b.Platform, err = certificateIn(c.Platform); err != nil {
		return err
	}
	for _, path := range c.Recipient {
		r, err := certificateIn(path)
		if err != nil {
			return err
		}
		b.Recipients = append(b.Recipients, r)
	}
	return c.build(a, b)
}

// build finds the bidder's keys and makes the bid.
func (c *bidBuildCmd) build(a *app, b bid.Builder) error {
	a.asksFor(mobileca.Bid, filepath.Base(c.Out), false)
	f, u, err := a.one(c.Token)
	if err != nil {
		return err
	}
	defer f.Close()
	id, err := f.signing(a.ctx, c.Cert)
	if err != nil {
		return err
	}
	if len(b.Recipients) == 0 {
		own, err := f.partner(a.ctx, id)
		if err != nil {
			return err
		}
		b.Recipients = []*smx509.Certificate{own.Certificate()}
	}
	subject := ca.SubjectOf(id.Certificate())
	b.Bidder = bid.Bidder{Code: cmp.Or(c.Code, subject.USCC), Name: cmp.Or(c.Name, subject.Name)}
	if b.Bidder.Code == "" {
		return fault("bid_no_code", "name", b.Bidder.Name)
	}
	b.Chain = chainOf(id)
	if b.Signer, err = a.key(f, u, id, c.PINFile); err != nil {
		return err
	}
	progress, end := a.bidProgress()
	defer end()
	b.Progress = progress
	result, err := b.Build(a.ctx)
	end()
	if err != nil {
		return err
	}
	v := bidJSON{c.Out, result.Size, result.Manifest}
	return a.tui.result(v, func() { a.tui.print("%s\t%d\t%s", v.File, v.Size, v.Manifest.Bidder.Name) })
}

// price reads the fields of the price form, in its order. Capitals that are not given are written from the digits.
func (c *bidBuildCmd) price(o *bid.Outline) (bid.Price, error) {
	values, err := pairs(c.Price)
	if err != nil {
		return bid.Price{}, err
	}
	capitals, err := pairs(c.Capitals)
	if err != nil {
		return bid.Price{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(capitals)) {
		if _, priced := values[name]; !priced {
			return bid.Price{}, fault("bid_capitals", "field", name, "fields", amounts(o))
		}
	}
	var p bid.Price
	add := func(name string, spell bool) {
		value, given := values[name]
		if !given {
			return
		}
		delete(values, name)
		f := bid.Field{Name: name, Value: value, Capitals: capitals[name]}
		if sum, err := amount.Parse(value); err == nil && spell && f.Capitals == "" {
			f.Capitals = sum.Capitals()
		}
		p.Fields = append(p.Fields, f)
	}
	if o.Price != nil {
		for _, f := range o.Price.Fields {
			add(f.Name, f.Capitals)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) { // the outline says that it knows none of them
		add(name, false)
	}
	return p, nil
}

// amounts are the names of the fields that may have capitals.
func amounts(o *bid.Outline) string {
	var names []string
	if o.Price != nil {
		for _, f := range o.Price.Fields {
			if f.Kind == bid.Amount {
				names = append(names, f.Name)
			}
		}
	}
	return strings.Join(names, ", ")
}

func pairs(texts []string) (map[string]string, error) {
	m := map[string]string{}
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if _, twice := m[name]; !ok || twice {
			return nil, fault("bid_pair", "text", text)
		}
		m[name] = value
	}
	return m, nil
}

// money reads a sum for a price form.
func money(text string) (int64, string, error) {
	sum, err := amount.Parse(text)
	return int64(sum), sum.Capitals(), err
}

func readOutline(path string) (*bid.Outline, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault("file_unreadable", "file", path, "cause", err)
	}
	defer f.Close()
	return bid.ReadOutline(f)
}

// lacking tells what a bid lacks of the outline.
func (a *app) lacking(outline string, found []finding.Finding) error {
	if !a.tui.json {
		for _, f := range found {
			a.noteFinding(f)
		}
	}
	var all []string
	for _, f := range found {
		all = append(all, f.Code)
	}
	return fault("bid_lacks", "outline", outline, "found", all)
}

func (a *app) noteFinding(f finding.Finding) {
	message := f.Message
	if s, ok := a.words.Sentence(f.Code, f.Params); ok {
		message = s
	}
	a.tui.note("- %s [%s]", message, f.Code)
}

// certificateIn reads the one certificate of a file; no file means none.
func certificateIn(path string) (*smx509.Certificate, error) {
	if path == "" {
		return nil, nil
	}
	all, err := readRoots(path)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, fault("bid_one_certificate", "file", path, "count", len(all))
	}
	return all[0], nil
}

// partner finds the encryption identity that goes with a signing one.
func (f found) partner(ctx context.Context, signing token.Identity) (token.Identity, error) {
	ids, err := f.Identities(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range token.Pair(ids) {
		if p.Sign.ID() == signing.ID() && p.Encrypt != nil {
			return p.Encrypt, nil
		}
	}
	return nil, fault("bid_no_encryption", "token", f.info.URI)
}

// bidProgress is the terminal's bar for the steps of a bid.
func (a *app) bidProgress() (bid.Progress, func()) {
	show, end := a.tui.progress()
	if show == nil {
		return nil, end
	}
	return func(step bid.Step, done, total int64) { show("ctl.bid."+string(step), done, total) }, end
}

type bidEncryptCmd struct {
	In       string `arg:"" placeholder:"IN.bid" help:"bid_file"`
	Platform string `required:"" placeholder:"CERT.pem" help:"bid_platform"`
	Out      string `required:"" short:"o" placeholder:"OUT.bid" help:"bid_out"`
}

// Run prints {"file", "size", "manifest"}.
func (c *bidEncryptCmd) Run(a *app) error {
	if err := mustBeFree(c.Out); err != nil {
		return err
	}
	platform, err := certificateIn(c.Platform)
	if err != nil {
		return err
	}
	f, err := bid.OpenFile(c.In)
	if err != nil {
		return err
	}
	defer f.Close()
	progress, end := a.bidProgress()
	defer end()
	if err := f.Wrap(a.ctx, platform, c.Out, progress); err != nil {
		return err
	}
	end()
	info, err := os.Stat(c.Out)
	if err != nil {
		return fault("file_unreadable", "file", c.Out, "cause", err)
	}
	v := bidJSON{c.Out, info.Size(), f.Manifest()}
	return a.tui.result(v, func() { a.tui.print("%s\t%d\t%s", v.File, v.Size, v.Manifest.Bidder.Name) })
}

type bidCertificateCmd struct {
	Token string `required:"" placeholder:"URI" help:"token_uri"`
	Cert  string `placeholder:"ID" help:"sign_cert"`
	Out   string `required:"" short:"o" placeholder:"CERT.pem" help:"bid_certificate_out"`
}

// Run prints {"file", "name", "serial", "validUntil"} of the certificate to which others encrypt.
func (c *bidCertificateCmd) Run(a *app) error {
	f, _, err := a.one(c.Token)
	if err != nil {
		return err
	}
	defer f.Close()
	id, err := f.signing(a.ctx, c.Cert)
	if err != nil {
		return err
	}
	own, err := f.partner(a.ctx, id)
	if err != nil {
		return err
	}
	cert := own.Certificate()
	if err := create(c.Out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})); err != nil {
		return err
	}
	v := struct {
		File       string    `json:"file"`
		Name       string    `json:"name"`
		Serial     string    `json:"serial"`
		ValidUntil time.Time `json:"validUntil"`
	}{c.Out, ca.SubjectOf(cert).Name, bid.Serial(cert), cert.NotAfter}
	return a.tui.result(v, func() { a.tui.print("%s\t%s\t%s", v.File, v.Name, v.Serial) })
}
