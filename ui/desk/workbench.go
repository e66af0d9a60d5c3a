package desk

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/ui/desk/tasks"
)

const (
	// workbenchPage is how many contracts and tenders the workbench asks for, the newest: as many as a page may have.
	workbenchPage = 200
	// workbenchClock is how old the platform's time may be that days and hours are counted by.
	workbenchClock = 10 * time.Minute
	lotsFile       = "lots.json"
)

// keptLots are the lots as the platform told them last.
type keptLots struct {
	Items []platformapi.Lot
	AsOf  time.Time
}

// Workbench gathers what waits for this party and what it sent (工作台): a page of contracts, one of tenders and the lots are asked
// for, at the same time, and what was kept of them stands in where the platform is away. Together with an error, about what could
// not be read, comes the rest.
func (s *Session) Workbench(ctx context.Context) (tasks.Known, error) {
	var (
		all       sync.WaitGroup
		contracts Contracts
		tenders   Tenders
		lots      keptLots
		away      bool
		errs      [4]error
	)
	all.Go(func() {
		contracts, errs[0] = s.Contracts(ctx, platformapi.ContractQuery{Limit: workbenchPage})
	})
	all.Go(func() { lots, away, errs[1] = s.knownLots(ctx) })
	if s.HasTenders() {
		all.Go(func() {
			tenders, errs[2] = s.listTenders(ctx, platformapi.TenderQuery{Limit: workbenchPage})
			if platformapi.IsCode(errs[2], platformapi.CodeBiddingOff) {
				tenders, errs[2] = Tenders{AsOf: time.Now()}, nil // there are none, which is known when the platform is away, too
				_ = s.keep(filepath.Join(s.dir, tendersFile), tenders)
			}
			if len(tenders.Items) > 0 && !tenders.Offline {
				_ = s.clock.SyncWithin(ctx, workbenchClock) // otherwise it runs on as it was
			}
		})
	}
	k, err := s.onMachine(ctx)
	errs[3] = err
	all.Wait()
	k.Contracts, k.Lots, k.Tenders = contracts.Items, lots.Items, tenders.Items
	k.More = contracts.More != "" || tenders.More != ""
	k.Offline = contracts.Offline || away || tenders.Offline
	for _, at := range []time.Time{contracts.AsOf, lots.AsOf, tenders.AsOf} {
		if !at.IsZero() && (k.AsOf.IsZero() || at.Before(k.AsOf)) {
			k.AsOf = at
		}
	}
	return k, errors.Join(errs[:]...)
}

// knownLots are the lots, or when the platform cannot be reached those that it told last.
func (s *Session) knownLots(ctx context.Context) (lots keptLots, away bool, err error) {
	kept := filepath.Join(s.dir, lotsFile)
	items, err := s.Lots(ctx, "")
	if err == nil {
		lots = keptLots{items, time.Now()}
		_ = s.keep(kept, lots) // as in Contracts
		return lots, false, nil
	}
	if platformapi.Retryable(err) && s.recall(kept, &lots) {
		return lots, true, nil
	}
	return keptLots{}, false, err
}

// onMachine is what lies here: drafts that the platform does not know, bids, and changes without a receipt.
func (s *Session) onMachine(ctx context.Context) (known tasks.Known, err error) {
	works, draftErr := s.Drafts(ctx)
	for _, w := range works {
		v := w.View(ctx)
		known.Drafts = append(known.Drafts, tasks.Draft{Contract: v.ID, Name: v.Fields.Name, Kind: v.Kind, Lot: v.Lot, Sealed: v.Filing.Sealed != nil, Deadlines: v.Deadlines})
	}
	projects, bidErr := s.bids.List(ctx)
	for _, p := range projects {
		known.Bids = append(known.Bids, p.View())
	}
	contracts, outErr := s.ledger.entries(ctx)
	for _, entries := range contracts {
		for _, e := range entries {
			if e.State != outbox.Done {
				known.Outbox = append(known.Outbox, e)
			}
		}
	}
	return known, errors.Join(draftErr, bidErr, outErr)
}
