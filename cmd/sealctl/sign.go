package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sealdesk/assets"
	"sealdesk/signer"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
	"sealdesk/signer/sigform"
	"sealdesk/signer/tsa"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca"
	"sealdesk/ui/desk"
)

type signCmd struct {
	In  string `arg:"" help:"sign_in"`
	Out string `required:"" short:"o" placeholder:"OUT.pdf" help:"sign_out"`
	detachedFlags
	Token    string   `required:"" placeholder:"URI" help:"token_uri"`
	Cert     string   `placeholder:"ID" help:"sign_cert"`
	PINFile  string   `name:"pin-file" placeholder:"FILE" help:"pin_file"`
	Seal     string   `xor:"seal" placeholder:"FILE" help:"sign_seal"`
	SealName string   `name:"seal-name" xor:"seal" placeholder:"ORG" help:"sign_seal_name"`
	At       []string `placeholder:"PLACE" sep:"none" help:"sign_at"`
	Field    string   `placeholder:"NAME" help:"sign_field"`
	Certify  int      `enum:"0,1,2,3" default:"0" placeholder:"1|2|3" help:"sign_certify"`
	Reason   string   `placeholder:"TEXT" help:"sign_reason"`
	Form     string   `placeholder:"NAME" help:"sign_form"`
	Level    string   `enum:"b,t,lt,lta" default:"b" help:"sign_level"`
	TSA      string   `name:"tsa" placeholder:"URL" help:"sign_tsa"`
	Intranet bool     `help:"sign_intranet"`
	Accept   bool     `name:"accept-unknown" help:"sign_accept"`
	Overlap  bool     `name:"allow-overlap" help:"sign_overlap"`
	trustFlags
}

// signedJSON is the answer of `sign`.
type signedJSON struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Signer string `json:"signer"`
}

// Run prints {"file", "sha256", "size", "signer"}.
func (c *signCmd) Run(a *app) error {
	if c.Detached || c.GM || c.PEM {
		return c.detached(a)
	}
	if err := mustBeFree(c.Out); err != nil {
		return err
	}
	places, err := placesOf(c.At)
	if err != nil {
		return err
	}
	if c.Field != "" {
		places = append(places, seal.Place{Kind: seal.AtField, Field: c.Field})
	}
	trusted, err := c.options()
	if err != nil {
		return err
	}
	switch {
	case (c.Level != "b") != (c.TSA != ""):
		return fault("level_needs_tsa")
	case c.Level != "b" && c.Trust == "":
		return fault("level_needs_trust")
	}
	var form sigform.Form
	if c.Form != "" {
		if form, err = trusted.Forms.Named(c.Form); err != nil {
			return err
		}
	}
	a.asksFor(mobileca.Sign, filepath.Base(c.In), false)
	f, u, err := a.one(c.Token)
	if err != nil {
		return err
	}
	defer f.Close()
	id, err := f.signing(a.ctx, c.Cert)
	if err != nil {
		return err
	}
	mark, err := c.mark(id, places)
	if err != nil {
		return err
	}
	if c.Form != "" && (form.ReadOnly() || (form.Value == sigform.Seal) != (mark.electronic != nil)) {
		return fault("form_not_made", "form", c.Form)
	}
	var stamps *tsa.Client
	if c.Level != "b" {
		if mark.electronic != nil && c.Level != "t" {
			return fault("seal_not_stamped")
		}
		stamps = &tsa.Client{URL: c.TSA, Roots: trusted.Roots}
	}
	dates, err := desk.DateFont()
	if err != nil {
		return err
	}
	words, err := newFinder(a, c.In, places)
	if err != nil {
		return err
	}
	defer words.Close()

	job := signer.Job{
		In: c.In, Out: c.Out, Seal: mark.picture, Electronic: mark.electronic, Places: places, Find: words, DateFont: dates, AllowOverlap: c.Overlap, Form: form,
		Chain: chainOf(id), Reason: c.Reason, AcceptUnknown: c.Accept, Stamps: stamps, Certify: c.Certify,
		Roots: trusted.Roots, Makers: trusted.Makers, Forms: trusted.Forms,
	}
	if c.Level == "lt" || c.Level == "lta" {
		job.Level = signer.Level(strings.ToUpper(c.Level))
		if job.Revocation, err = askToKeep(c.Intranet); err != nil {
			return err
		}
	}
	show, end := a.tui.progress()
	defer end()
	if show != nil {
		job.Progress = func(step signer.Step, done, total int64) { show(stepKeys[step], done, total) }
	}
	// What is wrong is told before a PIN is asked, and what takes long is done.
	copied, err := job.Begin(a.ctx)
	if err != nil {
		return err
	}
	defer copied.Discard()
	if _, err := copied.Check(a.ctx, job); err != nil {
		return err
	}
	end() // the PIN may be asked on this terminal
	if job.Key, err = a.key(f, u, id, c.PINFile); err != nil {
		return err
	}
	result, err := copied.Finish(a.ctx, job)
	end()
	if err != nil {
		return err
	}
	v := signedJSON{c.Out, result.SHA256, result.Size, ca.SubjectOf(id.Certificate()).Name}
	return a.tui.result(v, func() { a.tui.print("%s\t%s\t%s", v.File, v.SHA256, v.Signer) })
}

// mark is what is put on: a picture or an electronic seal, or neither.
type mark struct {
	picture    *seal.Seal
	electronic *ses.Seal
}

// mark is an electronic seal that this certificate may use, a picture, one drawn from a name, or, when places are named and
// nothing else, one drawn from the name in the certificate. Without places the signature is invisible.
func (c *signCmd) mark(id token.Identity, places []seal.Place) (mark, error) {
	if len(places) == 0 {
		if c.Seal != "" || c.SealName != "" {
			return mark{}, fault("seal_without_at")
		}
		return mark{}, nil
	}
	if c.Seal != "" {
		data, err := readSeal(c.Seal)
		if err != nil {
			return mark{}, err
		}
		if isElectronic(data) {
			s, err := ses.ParseSeal(data)
			if err == nil {
				err = s.Usable(id.Certificate(), time.Now())
			}
			return mark{electronic: s}, err
		}
		s, err := loadSeal(c.Seal)
		return mark{picture: &s}, err
	}
	name := c.SealName
	if name == "" {
		name = ca.SubjectOf(id.Certificate()).Name
	}
	font, err := seal.ParseFont(assets.SerifBold())
	if err != nil {
		return mark{}, err
	}
	s, err := seal.Make(font, seal.Style{Name: name, Bottom: contractSeal}, sealDPI)
	return mark{picture: &s}, err
}

// stepKeys name the steps of signing in the language files.
var stepKeys = map[signer.Step]string{
	signer.StepPrepare: "sign.prepare", signer.StepSign: "sign.sign", signer.StepVerify: "sign.verify", signer.StepStore: "sign.store",
}

// A finder looks for words in the document that is to be signed. Without a place by keyword it opens nothing.
type finder struct {
	renderer *preview.Renderer
	document *preview.Document
}

func newFinder(a *app, path string, places []seal.Place) (*finder, error) {
	f := &finder{}
	if !slices.ContainsFunc(places, func(p seal.Place) bool { return p.Kind == seal.AtKeyword }) {
		return f, nil
	}
	var err error
	if f.renderer, err = newRenderer(); err != nil {
		return nil, err
	}
	if f.document, err = f.renderer.OpenFile(a.ctx, path); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Find is for places by keyword.
func (f *finder) Find(ctx context.Context, words string) (preview.Found, error) {
	if f.document == nil {
		return preview.Found{}, nil
	}
	return f.document.Find(ctx, words)
}

func (f *finder) Close() {
	if f.document != nil {
		_ = f.document.Close() // it was only read
	}
	if f.renderer != nil {
		_ = f.renderer.Close()
	}
}

// contractSeal stands at the foot of a contract seal, whatever language the program speaks.
const contractSeal = "合同专用章"

// sealDPI is the resolution of seals that are drawn, in dots per inch.
const sealDPI = 600

// placesOf reads the values of --at.
func placesOf(texts []string) ([]seal.Place, error) {
	var places []seal.Place
	for _, text := range texts {
		p, err := seal.ParsePlace(text)
		if err != nil {
			return nil, err
		}
		places = append(places, p)
	}
	return places, nil
}
