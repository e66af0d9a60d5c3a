package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"sealdesk/cmd/internal/demo"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
	"sealdesk/token/uri"
	"sealdesk/ui/desk/words"
)

type tokenCmd struct {
	List  tokenListCmd  `cmd:"" help:"token_list"`
	Certs tokenCertsCmd `cmd:"" help:"token_certs"`
	Init  tokenInitCmd  `cmd:"" help:"token_init"`
	Pin   tokenPINCmd   `cmd:"" help:"token_pin"`
}

type tokenListCmd struct {
	Token string `placeholder:"URI" help:"token_uri_optional"`
}

// tokenJSON is a token in the answers of `token list` and `token init`.
type tokenJSON struct {
	URI          string  `json:"uri"`
	Label        string  `json:"label"`
	Serial       string  `json:"serial"`
	Model        string  `json:"model"`
	Manufacturer string  `json:"manufacturer"`
	PIN          pinJSON `json:"pin"`
}

// pinJSON holds -1 for tries that are not known.
type pinJSON struct {
	Tries         int  `json:"tries"`
	Max           int  `json:"max"`
	Locked        bool `json:"locked"`
	ProtectedPath bool `json:"protectedPath"`
}

func describe(f found) tokenJSON {
	p := f.info.PIN
	return tokenJSON{
		URI: f.store.name(f.info), Label: f.info.Label, Serial: f.info.Serial, Model: f.info.Model, Manufacturer: f.info.Manufacturer,
		PIN: pinJSON{Tries: p.Tries, Max: p.Max, Locked: p.Locked, ProtectedPath: p.ProtectedPath},
	}
}

// all gives every token that the URI names, or without one every token that the window finds.
func all(a *app, text string) ([]found, error) {
	texts := []string{text}
	if text == "" {
		texts = []string{uri.Soft + ":", uri.PKCS11 + ":", uri.SKF + ":"}
	}
	var tokens []found
	var errs []error
	for _, text := range texts {
		u, err := uri.Parse(text)
		if err != nil {
			return nil, err
		}
		s, err := a.open(u)
		if err != nil {
			return nil, err
		}
		these, err := s.tokens(a.ctx, u)
		if err != nil && !s.named() {
			a.tui.note("%s", a.words.Problem(err)) // what is found elsewhere counts
			err = nil
		}
		tokens, errs = append(tokens, these...), append(errs, err)
	}
	if len(tokens) > 0 {
		return tokens, nil
	}
	return nil, errors.Join(errs...)
}

// Run prints {"tokens": [...]}.
func (c *tokenListCmd) Run(a *app) error {
	tokens, err := all(a, c.Token)
	if err != nil {
		return err
	}
	list := []tokenJSON{}
	for _, f := range tokens {
		list = append(list, describe(f))
		_ = f.Close() // nothing was changed
	}
	return a.tui.result(map[string]any{"tokens": list}, func() {
		if len(list) == 0 {
			a.tui.warn("ctl.token.none")
		}
		for _, t := range list {
			a.tui.print("%s\t%s\t%s", t.URI, t.Label, a.pinState(t.PIN))
		}
	})
}

func (a *app) pinState(p pinJSON) string {
	switch {
	case p.Locked:
		return a.words.T("ctl.token.locked")
	case p.Tries < 0:
		return a.words.T("ctl.token.tries_unknown")
	}
	return a.words.T("ctl.token.tries", "tries", p.Tries, "max", p.Max)
}

type tokenCertsCmd struct {
	Token string `placeholder:"URI" help:"token_uri_optional"`
}

// certJSON is a certificate in the answers of `token certs` and `token init`.
type certJSON struct {
	Token     string    `json:"token"`
	ID        string    `json:"id"` // for --cert
	Name      string    `json:"name"`
	USCC      string    `json:"uscc"`
	Handler   string    `json:"handler"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"`
	Algorithm string    `json:"algorithm"` // rsa, ecdsa, sm2
	Usage     []string  `json:"usage"`     // sign, encrypt
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	SHA256    string    `json:"sha256"`
	Unfit     []string  `json:"unfit"` // codes of why it cannot sign now

	why []token.Reason
}

func certOf(name string, id token.Identity) certJSON {
	cert := id.Certificate()
	subject := ca.SubjectOf(cert)
	sum := sha256.Sum256(cert.Raw)
	algorithm, _ := ca.AlgorithmOf(cert.PublicKey) // empty for a kind of key we do not know
	out := certJSON{
		Token: name, ID: id.ID(), Name: subject.Name, USCC: subject.USCC, Handler: subject.Handler,
		Issuer: cert.Issuer.CommonName, Serial: hex.EncodeToString(cert.SerialNumber.Bytes()), Algorithm: string(algorithm),
		Usage: []string{}, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter, SHA256: hex.EncodeToString(sum[:]), Unfit: []string{},
	}
	if id.Usage()&token.UsageSign != 0 {
		out.Usage = append(out.Usage, "sign")
	}
	if id.Usage()&token.UsageEncrypt != 0 {
		out.Usage = append(out.Usage, "encrypt")
	}
	out.why = token.Unfit(id, time.Now())
	for _, r := range out.why {
		out.Unfit = append(out.Unfit, r.Code())
	}
	return out
}

// line is the certificate for a person, with what keeps it from being used.
func (c certJSON) line(w *words.Catalog) string {
	line := []string{c.Token, c.ID, c.Name, c.USCC, c.Algorithm, strings.Join(c.Usage, "+"), c.NotAfter.Local().Format(time.DateOnly)}
	for _, r := range c.why {
		if r.Code() != "token.certificate_not_for_signing" { // its usage stands there
			line = append(line, w.Problem(r).What)
		}
	}
	return strings.Join(line, "\t")
}

// Run prints {"certificates": [...]}.
func (c *tokenCertsCmd) Run(a *app) error {
	tokens, err := all(a, c.Token)
	if err != nil {
		return err
	}
	list := []certJSON{}
	var errs []error
	for _, f := range tokens {
		ids, err := f.Identities(a.ctx)
		errs = append(errs, err, f.Close())
		for _, id := range ids {
			list = append(list, certOf(f.store.name(f.info), id))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return a.tui.result(map[string]any{"certificates": list}, func() {
		if len(list) == 0 {
			a.tui.warn("ctl.token.none")
		}
		for _, c := range list {
			a.tui.print("%s", c.line(a.words))
		}
	})
}

type tokenInitCmd struct {
	Token     string `required:"" placeholder:"URI" help:"token_uri"`
	Name      string `required:"" placeholder:"ORG" help:"init_name"`
	Work      string `required:"" placeholder:"DIR" help:"init_work"`
	Algorithm string `enum:",rsa,ecdsa,sm2" default:"" placeholder:"rsa|ecdsa|sm2" help:"init_algorithm"`
	USCC      string `name:"uscc" placeholder:"CODE" help:"init_uscc"`
	Handler   string `placeholder:"NAME" help:"init_handler"`
	PINFile   string `name:"pin-file" placeholder:"FILE" help:"pin_file"`
}

// Run prints {"token": {...}, "roots": "..."}.
func (c *tokenInitCmd) Run(a *app) error {
	u, err := uri.Parse(c.Token)
	if err != nil {
		return err
	}
	s, err := a.open(u)
	if err != nil {
		return err
	}
	if c.USCC == "" {
		c.USCC = demo.Invented(c.Name)
	}
	if c.Handler == "" {
		c.Handler = a.words.T("ctl.token.handler")
	}
	subject := ca.Subject{Name: c.Name, USCC: c.USCC, Handler: c.Handler}
	if u.Scheme != uri.Soft {
		return c.provision(a, subject)
	}
	if c.Algorithm == "" {
		c.Algorithm = string(ca.RSA)
	}
	pin, err := a.newPIN(c.PINFile, u, u.Path["token"])
	if err != nil {
		return err
	}
	defer token.Wipe(pin)
	authority, err := ca.OpenOrCreate(c.Work)
	if err != nil {
		return err
	}
	made, err := soft.Create(s.dir, soft.Options{
		Label: u.Path["token"], Algorithm: ca.Algorithm(c.Algorithm), PIN: pin, Issuer: authority, Subject: subject,
	})
	if err != nil {
		return err
	}
	f, _, err := a.one(s.name(token.Info{URI: made}))
	if err != nil {
		return err
	}
	defer f.Close()
	return c.made(a, f, subject)
}

// made tells of the token that carries the keys now.
func (c *tokenInitCmd) made(a *app, f found, subject ca.Subject) error {
	t := describe(f)
	return a.tui.result(map[string]any{"token": t, "roots": ca.RootsFile(c.Work)}, func() {
		a.tui.note("%s", a.words.T("ctl.token.made", "name", subject.Name, "uscc", subject.USCC, "roots", ca.RootsFile(c.Work)))
		a.tui.print("%s", t.URI)
	})
}

// newPIN reads a new PIN, from the person twice.
func (a *app) newPIN(file string, u *uri.URI, label string) ([]byte, error) {
	source := file
	if source == "" && u != nil {
		var err error
		if source, err = u.PINFile(); err != nil {
			return nil, err
		}
	}
	pin, err := a.pin(source, nil, a.words.T("ctl.prompt.new_pin", "token", label))
	if err != nil || source != "" {
		return pin, err
	}
	again, err := a.tui.secret(a.ctx, a.words.T("ctl.prompt.new_pin_again"))
	defer token.Wipe(again)
	if err == nil && !bytes.Equal(pin, again) {
		err = fault("pins_differ")
	}
	if err != nil {
		token.Wipe(pin)
		return nil, err
	}
	return pin, nil
}

type tokenPINCmd struct {
	Token      string `required:"" placeholder:"URI" help:"token_uri"`
	PINFile    string `name:"pin-file" placeholder:"FILE" help:"pin_file"`
	NewPINFile string `name:"new-pin-file" placeholder:"FILE" help:"new_pin_file"`
}

// Run prints {"token": {...}}.
func (c *tokenPINCmd) Run(a *app) error {
	f, u, err := a.one(c.Token)
	if err != nil {
		return err
	}
	defer f.Close()
	changer, ok := f.Token.(token.PINChanger)
	if !ok {
		return fault("no_pin_change", "token", f.info.Label)
	}
	old, err := a.pin(c.PINFile, u, prompt(a, f.info.Label))
	if err != nil {
		return err
	}
	defer token.Wipe(old)
	fresh, err := a.newPIN(c.NewPINFile, nil, f.info.Label)
	if err != nil {
		return err
	}
	ctx, err := a.consent(f)
	if err != nil {
		token.Wipe(fresh)
		return err
	}
	if err := changer.ChangePIN(ctx, old, fresh); err != nil {
		return err
	}
	if f.info, err = f.Info(a.ctx); err != nil {
		return err
	}
	return a.tui.result(map[string]any{"token": describe(f)}, func() { a.tui.warn("ctl.token.pin_changed") })
}
