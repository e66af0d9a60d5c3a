package platform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"unicode/utf8"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/platform/tenders"
)

// Seed is what the platform learns from elsewhere: the organisations registered there, and the lots that were awarded.
type Seed struct {
	Organisations []platformapi.Organisation `json:"organisations"`
	Lots          []Lot                      `json:"lots"`

	// Kinds says which organisations are no parties, by their codes: agency, supervisor, hall. It is for sessions that are
	// opened from then on.
	Kinds map[string]platformapi.OrganisationKind `json:"kinds,omitempty"`

	// Venues says in which venues (开标场所) an organisation's hall terminals stand, by its code. Where there are any, each tender names one
	// of them, and is opened at its terminals alone; where there are none, any terminal serves any tender.
	Venues map[string][]string `json:"venues,omitempty"`

	// Tenders are published as their purchasers', or their agencies', would do it; one whose id is known stays as it is.
	Tenders []SeedTender `json:"tenders,omitempty"`
	// Credit are entries of credit libraries.
	Credit []SeedCredit `json:"credit,omitempty"`
}

// SeedTender is a tender of a seed.
type SeedTender struct {
	platformapi.NewTender
	AgencyUSCC string `json:"agency_uscc,omitempty"`
}

// SeedCredit is an entry of an organisation's credit library, with its files.
type SeedCredit struct {
	USCC  string                  `json:"uscc"`
	ID    string                  `json:"id"`
	Entry platformapi.CreditEntry `json:"entry"` // without files
	Files []SeedFile              `json:"files,omitempty"`
}

// SeedFile is a small file of a seed.
type SeedFile struct {
	Name    string `json:"name"`
	Content []byte `json:"content"`
}

// Lot is an awarded lot. Phases hold the steps of the project flow before 中标通知书查看 and 合同签订, which are derived.
type Lot = store.Lot

var lotID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`) })

// Import adds what a seed says, or brings it up to date. Every party of a lot must be among the organisations of this or
// an earlier seed, by the same name.
func (s *Server) Import(ctx context.Context, seed Seed) error {
	known := map[string]string{}
	for _, o := range seed.Organisations {
		if !usccForm().MatchString(o.USCC) || o.Name == "" {
			return fmt.Errorf("seed: organisation %q (%s) has no name or no code of 18 characters", o.Name, o.USCC)
		}
		known[o.USCC] = o.Name
	}
	for _, l := range seed.Lots {
		if !lotID().MatchString(l.ID) || l.Name == "" || l.AwardFen < 0 || !l.Kind.Valid() || !l.Method.Valid() {
			return fmt.Errorf("seed: lot %q: id, name, kind, method or amount is wrong", l.ID)
		}
		if l.Purchaser.USCC == l.Supplier.USCC {
			return fmt.Errorf("seed: lot %q: purchaser and supplier are the same", l.ID)
		}
		for _, o := range []platformapi.Organisation{l.Purchaser, l.Supplier} {
			name, ok := known[o.USCC]
			if !ok {
				registered, err := s.store.Organisation(ctx, o.USCC)
				if err != nil {
					return fmt.Errorf("seed: lot %q: organisation %s: %w", l.ID, o.USCC, err)
				}
				name = registered.Name
			}
			if name != o.Name {
				return fmt.Errorf("seed: lot %q: organisation %s is %q, not %q", l.ID, o.USCC, name, o.Name)
			}
		}
	}
	for uscc, k := range seed.Kinds {
		if !k.Valid() {
			return fmt.Errorf("seed: organisation %s: there is no kind %q", uscc, k)
		}
	}
	if err := s.store.Import(ctx, seed.Organisations, seed.Lots, s.now()); err != nil {
		return err
	}
	for uscc, k := range seed.Kinds {
		if err := s.store.SetOrganisationKind(ctx, uscc, k); err != nil {
			return fmt.Errorf("seed: organisation %s: %w", uscc, err)
		}
	}
	for uscc, venues := range seed.Venues {
		if err := s.importVenues(ctx, uscc, venues); err != nil {
			return fmt.Errorf("seed: venues of %s: %w", uscc, err)
		}
	}
	for _, t := range seed.Tenders {
		if err := s.importTender(ctx, t); err != nil {
			return fmt.Errorf("seed: tender %q: %w", t.ID, err)
		}
	}
	for _, c := range seed.Credit {
		if err := s.importCredit(ctx, c); err != nil {
			return fmt.Errorf("seed: credit %q: %w", c.ID, err)
		}
	}
	return nil
}

const maxVenue = 100 // characters of its name, as openapi.yaml has it

func (s *Server) importVenues(ctx context.Context, uscc string, venues []string) error {
	for _, v := range venues {
		if v == "" || utf8.RuneCountInString(v) > maxVenue || !platformapi.IsPlain(v) {
			return fmt.Errorf("%q is no name of one", v)
		}
	}
	return s.store.SetVenues(ctx, uscc, venues)
}

func (s *Server) importTender(ctx context.Context, t SeedTender) error {
	if s.cfg.Bidding == nil || !uuidForm().MatchString(t.ID) {
		return errors.New("the platform takes no bids, or the id is none")
	}
	if _, err := s.store.Tender(ctx, t.ID); err == nil {
		return nil
	}
	purchaser, err := s.store.Organisation(ctx, t.PurchaserUSCC)
	if err != nil {
		return err
	}
	a := tenders.Act{Org: purchaser, Kind: platformapi.OrganisationParty, Now: s.now()}
	if t.AgencyUSCC != "" {
		a.Kind = platformapi.OrganisationAgency
		if a.Org, err = s.store.Organisation(ctx, t.AgencyUSCC); err != nil {
			return err
		}
	}
	venues, err := s.store.Venues(ctx, "")
	if err != nil {
		return err
	}
	_, err = s.store.ChangeTender(ctx, store.TenderRequest{USCC: a.Org.USCC, Key: platformapi.NewID(), TenderID: t.ID, Now: a.Now},
		func(f *store.TenderFile) ([]store.TenderEffect, error) {
			made, effects, err := a.Create(t.NewTender, purchaser, venues, s.cfg.Bidding)
			f.Tender = &made
			return effects, err
		})
	return err
}

func (s *Server) importCredit(ctx context.Context, c SeedCredit) error {
	org, err := s.store.Organisation(ctx, c.USCC)
	if err != nil {
		return err
	}
	ch := changing{org: org, req: store.Request{USCC: c.USCC, Key: platformapi.NewID(), Now: s.now()}}
	x, err := s.creditItem(ctx, ch, c.ID, c.Entry)
	if err != nil {
		return err
	}
	for _, f := range c.Files {
		staged, err := s.staging.Stage(bytes.NewReader(f.Content))
		if err != nil {
			return err
		}
		err = s.keep(ctx, staged)
		x.Files = append(x.Files, platformapi.CreditFile{Name: f.Name, Size: staged.Size, SHA256: staged.SHA256})
		staged.Discard()
		if err != nil {
			return err
		}
	}
	_, err = s.store.ChangeCredit(ctx, ch.req, x, false)
	return err
}
