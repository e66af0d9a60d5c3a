package desk

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"sealdesk/signer/disk"
	"sealdesk/signer/seal"
)

// unfinished is a batch that was begun and not finished, as it is kept for the next start.
type unfinished struct {
	Paths  []string `json:"paths"`
	Out    string   `json:"out"`
	Seal   string   `json:"seal"`
	Places []string `json:"places"`
	Clean  bool     `json:"clean,omitempty"`
}

const maxUnfinished = 16 << 20 // bytes

func (s *Session) batchFile() string { return filepath.Join(s.dir, "batch.json") }

// remember keeps what is being done for the case that the program ends in between.
func (b *Batch) remember() error {
	b.mu.Lock()
	u := unfinished{Paths: b.paths, Out: b.out, Seal: b.rule.Seal.ID, Clean: b.rule.Clean}
	for _, p := range b.rule.Places {
		u.Places = append(u.Places, p.String())
	}
	b.mu.Unlock()
	data, err := json.MarshalIndent(u, "", " ")
	if err != nil {
		return err
	}
	return writeFile(b.s.batchFile(), data)
}

func (s *Session) forgetBatch() { _ = os.Remove(s.batchFile()) } // it would only be offered once more

// UnfinishedBatch gives the batch that was begun and not finished, nil when there is none. Its files are to be checked anew.
func (s *Session) UnfinishedBatch() *Batch {
	data, err := disk.Read(s.batchFile(), maxUnfinished)
	var u unfinished
	if err != nil || json.Unmarshal(data, &u) != nil {
		return nil
	}
	b := s.NewBatch()
	b.out = u.Out
	seals, err := s.Seals()
	at := slices.IndexFunc(seals, func(c SealChoice) bool { return c.ID == u.Seal })
	if err != nil || at < 0 {
		return nil
	}
	rule := BatchRule{Seal: seals[at], Clean: u.Clean}
	for _, text := range u.Places {
		p, err := seal.ParsePlace(text)
		if err != nil {
			return nil
		}
		rule.Places = append(rule.Places, p)
	}
	b.rule = rule
	if b.Add(u.Paths...) != nil {
		return nil
	}
	return b
}

// ForgetUnfinishedBatch gives up a batch that was begun. What was signed stays.
func (s *Session) ForgetUnfinishedBatch() { s.forgetBatch() }
