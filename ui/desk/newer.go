package desk

import (
	"context"
	"time"

	"sealdesk/signer/fetch"
	"sealdesk/ui/desk/words"
)

// A Newer is a version that was published after the one that runs.
type Newer struct {
	Version string
	Date    string // 2006-01-02
	Notes   string // in the desk's language, or else in Chinese
	Page    string // https URL
}

// Version is that of the program that runs; "" where none was built.
func (d *Desk) Version() string { return d.cfg.Program.Version }

// AsksForUpdates tells that there is somebody to ask for newer versions.
func (d *Desk) AsksForUpdates() bool { return d.cfg.Updates != nil }

// FindNewer asks once. Nil without an error means that there is nothing newer, or nobody to ask. Errors: updates.ErrSignature and its
// like, *fetch.Error.
func (d *Desk) FindNewer(ctx context.Context) (*Newer, error) {
	if d.cfg.Updates == nil {
		return nil, nil
	}
	r, newer, err := d.cfg.Updates.Ask(ctx, &fetch.Client{Private: true, Timeout: netPatience, Proxy: d.Proxy}, d.cfg.Program.Version, time.Now())
	if err != nil || !newer {
		return nil, err
	}
	notes, ok := r.Notes[d.cfg.Words.Language()]
	if !ok {
		notes = r.Notes[words.Chinese]
	}
	return &Newer{r.Version, r.Date, notes, r.Page}, nil
}
