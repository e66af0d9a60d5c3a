package main

import (
	"time"

	"sealdesk/token"
	"sealdesk/ui/desk"
)

// caseFlags name the party whose seals are meant: the owner of a certificate on a token. No PIN is asked for.
type caseFlags struct {
	Token string `required:"" placeholder:"URI" help:"seal_party"`
	Cert  string `placeholder:"ID" help:"sign_cert"`
	Trust string `placeholder:"MAKERS.pem" help:"seal_trust"`
}

// ProvideSealCase gives the verbs the case of seals that the window has, too, beside it; kong finds it by its name.
func (c *caseFlags) ProvideSealCase(a *app) (*desk.SealCase, error) {
	dirs, err := folders()
	if err != nil {
		return nil, err
	}
	makers, err := readRoots(c.Trust)
	if err != nil {
		return nil, err
	}
	f, _, err := a.one(c.Token)
	if err != nil {
		return nil, err
	}
	_ = f.Close() // the desk opens it anew
	o, err := openOffice(a, desk.Config{Folders: dirs, Drivers: []token.Driver{f.driver}, Makers: makers})
	if err != nil {
		return nil, err
	}
	a.atEnd(o.Close)
	key, err := o.find(a, f.info.URI, c.Cert)
	if err != nil {
		return nil, err
	}
	return o.SealCase(key), nil
}

// keptSealJSON is a seal of a party's case in the answers of `seal add` and `seal list`.
type keptSealJSON struct {
	ID         string     `json:"id"`
	Title      string     `json:"title"`
	Owner      string     `json:"owner"`
	Form       string     `json:"form"`   // "" when it is not known
	Source     string     `json:"source"` // certificate, made, file or key
	WidthMM    float64    `json:"widthMM"`
	HeightMM   float64    `json:"heightMM"`
	Electronic bool       `json:"electronic"`
	Maker      string     `json:"maker"`
	ValidUntil *time.Time `json:"validUntil"`
	Chosen     bool       `json:"chosen"` // it is offered first
	Broken     string     `json:"broken"` // why it cannot be used; "" when it can
}

func describeSeal(s desk.SealChoice, chosen bool) keptSealJSON {
	v := keptSealJSON{
		ID: s.ID, Title: s.Title, Owner: s.Owner, Form: string(s.Form), Source: string(s.Source), WidthMM: s.Seal.WidthMM,
		HeightMM: s.Seal.HeightMM, Electronic: s.Electronic != nil, Maker: s.Maker, Chosen: chosen,
	}
	if !s.Until.IsZero() {
		v.ValidUntil = &s.Until
	}
	if s.Broken != nil {
		v.Broken = s.Broken.Code
	}
	return v
}

func (a *app) printSeal(v keptSealJSON) {
	until := ""
	if v.ValidUntil != nil {
		until = v.ValidUntil.Local().Format(time.DateOnly)
	}
	mark := " "
	if v.Chosen {
		mark = "*"
	}
	a.tui.print("%s %s\t%s\t%s\t%.1f x %.1f mm\t%s\t%s", mark, v.ID, v.Title, v.Owner, v.WidthMM, v.HeightMM, until, v.Broken)
}

type sealListCmd struct{ caseFlags }

// Run prints {"seals": [...]}, as the window's page of seals has them.
func (c *sealListCmd) Run(a *app, seals *desk.SealCase) error {
	all, err := seals.List(a.ctx)
	if err != nil {
		return err
	}
	chosen := seals.Preferred(desk.SealsForContracts)
	list := []keptSealJSON{}
	for _, s := range all {
		list = append(list, describeSeal(s, s.ID == chosen))
	}
	return a.tui.result(map[string]any{"seals": list}, func() {
		for _, v := range list {
			a.printSeal(v)
		}
	})
}

type sealAddCmd struct {
	File string `arg:"" help:"seal_add_file"`
	caseFlags
	Title string  `placeholder:"TEXT" help:"seal_title"`
	Size  float64 `placeholder:"MM" help:"seal_add_size"`
	First bool    `help:"seal_first"`
}

// Run takes a seal's file among the party's seals and prints it as `seal list` does. What is there already is not taken twice.
func (c *sealAddCmd) Run(a *app, seals *desk.SealCase) error {
	draft, err := seals.ReadFile(a.ctx, c.File)
	if err != nil {
		return err
	}
	if c.Size != 0 {
		if err := draft.Resize(c.Size); err != nil {
			return err
		}
	}
	if c.Title != "" {
		draft.Title = c.Title
	}
	kept, err := seals.Keep(draft)
	if err != nil {
		return err
	}
	if c.First {
		if err := seals.Prefer(desk.SealsForContracts, kept.ID); err != nil {
			return err
		}
	}
	v := describeSeal(kept, seals.Preferred(desk.SealsForContracts) == kept.ID)
	return a.tui.result(v, func() { a.printSeal(v) })
}
