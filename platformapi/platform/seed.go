package platform

import (
	"context"
	"fmt"
	"regexp"
	"sync"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
)

// Seed is what the platform learns from elsewhere: the organisations registered there, and the lots that were awarded.
type Seed struct {
	Organisations []platformapi.Organisation `json:"organisations"`
	Lots          []Lot                      `json:"lots"`

	// Kinds says which organisations are no parties, by their codes: agency, supervisor, hall. It is for sessions that are
	// opened from then on.
	Kinds map[string]platformapi.OrganisationKind `json:"kinds,omitempty"`
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
	return nil
}
