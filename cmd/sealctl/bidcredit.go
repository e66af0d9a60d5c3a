package main

import (
	"cmp"
	"slices"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
)

type bidCreditCmd struct {
	platformFlags
	Put    string   `placeholder:"ID" help:"bid_credit_put" xor:"act"`
	Remove string   `placeholder:"ID" help:"bid_credit_remove" xor:"act"`
	Kind   string   `placeholder:"KIND" enum:"licence,qualification,person,work," default:"" help:"bid_credit_kind"`
	Name   string   `placeholder:"NAME" help:"bid_credit_name"`
	Number string   `placeholder:"NUMBER" help:"bid_credit_number"`
	Until  string   `placeholder:"DAY" help:"bid_credit_until"`
	File   []string `placeholder:"FILE" sep:"none" help:"bid_credit_file"`
}

// newCredit stands for an entry that is not there yet.
const newCredit = "new"

// Run prints {"credit": [...]}, the library as it is afterwards, by kind and name.
func (c *bidCreditCmd) Run(a *app) error {
	if c.Put == newCredit && (c.Kind == "" || c.Name == "") {
		return fault("credit_flags")
	}
	k, err := c.enter(a)
	if err != nil {
		return err
	}
	if c.Remove != "" {
		if err := k.session.DropCredit(a.ctx, c.Remove); err != nil {
			return err
		}
	}
	library, err := k.session.SyncCredit(a.ctx, nil)
	if err == nil && c.Put != "" {
		if err = c.put(a, k.session, library); err == nil {
			library, err = k.session.SyncCredit(a.ctx, nil)
		}
	}
	if err != nil {
		return err
	}
	list := append([]platformapi.CreditItem{}, library.Items...)
	return a.tui.result(map[string]any{"credit": list}, func() {
		for _, x := range list {
			a.tui.print("%s\t%s\t%s\t%s\t%s\t%d", x.ID, a.words.T("bid.credit_"+string(x.Kind)), x.Name, x.Number, cmp.Or(x.ValidUntil, "-"), len(x.Files))
		}
	})
}

func (c *bidCreditCmd) put(a *app, s *desk.Session, library desk.Credit) error {
	id, e := c.Put, platformapi.CreditEntry{}
	if id == newCredit {
		id = platformapi.NewID()
	} else if i := slices.IndexFunc(library.Items, func(x platformapi.CreditItem) bool { return x.ID == id }); i >= 0 {
		e = desk.CreditEntryOf(library.Items[i])
	}
	e.Kind, e.Name = cmp.Or(platformapi.CreditKind(c.Kind), e.Kind), cmp.Or(c.Name, e.Name)
	e.Number, e.ValidUntil = cmp.Or(c.Number, e.Number), cmp.Or(c.Until, e.ValidUntil)
	_, err := s.PutCredit(a.ctx, id, e, c.File, nil)
	return err
}
