package form

import (
	"sync"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
)

// typed is all that the person can type on the page.
type typed struct {
	fields platformapi.ContractFields
	notes  map[string]string // by the attachment's id
}

// keeper writes what was typed in the order in which it was typed: one write may still be going on elsewhere when the page
// is left and has to write at once.
type keeper struct {
	work *desk.Work
	mu   sync.Mutex
	last int
}

// keep writes the nth state of what was typed, unless a newer one was written already.
func (k *keeper) keep(n int, s typed) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n < k.last {
		return nil
	}
	if err := k.work.Type(s.fields); err != nil {
		return err
	}
	for id, note := range s.notes {
		if err := k.work.SetNote(id, note); err != nil {
			return err
		}
	}
	k.last = n
	return nil
}
