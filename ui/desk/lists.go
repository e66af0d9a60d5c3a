package desk

import (
	"context"
	"encoding/json"
	"path/filepath"
	"time"

	"sealdesk/platformapi"
	"sealdesk/signer/disk"
)

// Contracts is the contract list, from the platform or, when that cannot be reached, as it was last seen.
type Contracts struct {
	Items   []platformapi.ContractSummary
	More    string // cursor of the next page; empty at the end
	Offline bool
	AsOf    time.Time
}

const contractsFile = "contracts.json"

// Contracts reads a page of the list. The first page of everything, of whatever size, is kept for when the platform is away.
func (s *Session) Contracts(ctx context.Context, q platformapi.ContractQuery) (Contracts, error) {
	page, err := s.platform.Contracts(ctx, q)
	s.heard(err)
	kept := filepath.Join(s.dir, contractsFile)
	if err == nil {
		list := Contracts{Items: page.Items, More: page.NextCursor, AsOf: time.Now()}
		if q == (platformapi.ContractQuery{Limit: q.Limit}) {
			_ = s.keep(kept, list) // the next time the list is read makes good for it
		}
		return list, nil
	}
	var list Contracts
	if platformapi.Retryable(err) && s.recall(kept, &list) {
		list.Offline = true
		list.Items = filter(list.Items, q)
		list.More = ""
		return list, nil
	}
	return Contracts{}, err
}

func filter(items []platformapi.ContractSummary, q platformapi.ContractQuery) []platformapi.ContractSummary {
	var out []platformapi.ContractSummary
	for _, c := range items {
		if (q.State == "" || c.State == q.State) && containsFold(q.Words,
			c.Fields.Name, c.Fields.Number, c.LotName, c.LotNumber, c.ProjectName, c.ProjectNumber, c.Purchaser.Name, c.Supplier.Name) {
			out = append(out, c)
		}
	}
	return out
}

// Lots reads the lots awarded to or by this party; kind "" means all.
func (s *Session) Lots(ctx context.Context, kind platformapi.LotKind) ([]platformapi.Lot, error) {
	lots, err := s.platform.Lots(ctx, kind)
	s.heard(err)
	return lots, err
}

// Flow reads the steps of a project (项目流程).
func (s *Session) Flow(ctx context.Context, lotID string) (platformapi.Flow, error) {
	flow, err := s.platform.Flow(ctx, lotID)
	s.heard(err)
	return flow, err
}

// keep writes what the platform said to a file, closed, to be shown when it is away.
func (s *Session) keep(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeFile(path, s.vault.Seal(filepath.Base(path), data))
}

// recall reads what keep wrote; a file that is damaged or too large is as good as none.
func (s *Session) recall(path string, v any) bool {
	const most = 16 << 20
	data, err := disk.Read(path, most)
	return err == nil && unseal(s.vault, filepath.Base(path), data, v) == nil
}
