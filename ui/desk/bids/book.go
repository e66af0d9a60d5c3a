package bids

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sealdesk/platformapi"
	"sealdesk/signer/bid"
	"sealdesk/signer/cleancopy"
	"sealdesk/signer/disk"
	"sealdesk/ui/desk/papers"
)

// Prefix begins the name of every project's folder.
const Prefix = "bid-"

// Desk is what bids need of the party's desk.
type Desk interface {
	// Folder is where the party's projects lie; Shelf holds the documents of the one in a folder of it.
	Folder() string
	Shelf(folder string) *papers.Shelf
	Cleaner() cleancopy.Cleaner
	// FileName makes of a person's file name one that every system takes, with the ending that belongs to its content.
	FileName(name, ending string) string
	// DiskError names what a person can mend about a disk.
	DiskError(path string, err error) error
	// Now is the time by the platform's clock, as far as it is known.
	Now() time.Time
}

// A Book holds a party's bids. Its methods may be called from several goroutines.
type Book struct {
	desk Desk

	mu   sync.Mutex
	open map[string]*Project // by folder, so that two pages never write the same
}

// NewBook is the book of a desk.
func NewBook(d Desk) *Book { return &Book{desk: d, open: map[string]*Project{}} }

// A Tender is what is known of the tender that a bid is for, beside its outline. Times are zero where nobody told them.
type Tender struct {
	ID       string    `json:"id,omitempty"` // the platform's; "" for an outline from a file
	Deadline time.Time `json:"deadline,omitzero"`
	Opens    time.Time `json:"opens,omitzero"`
	// Certificates are the platform's in DER, to one of which the outer layer is closed; none: the bid has the inner layer only.
	Certificates [][]byte `json:"certificates,omitempty"`
}

func (t Tender) equal(o Tender) bool {
	return t.ID == o.ID && t.Deadline.Equal(o.Deadline) && t.Opens.Equal(o.Opens) && slices.EqualFunc(t.Certificates, o.Certificates, bytes.Equal)
}

// New begins a bid by a tender's outline. Errors: *bid.Error of Kind BadOutline, the disk's.
func (b *Book) New(ctx context.Context, t Tender, outline []byte) (*Project, error) {
	if _, err := bid.ReadOutline(strings.NewReader(string(outline))); err != nil {
		return nil, err
	}
	folder := Prefix + platformapi.NewID()
	p := b.project(folder)
	b.mu.Lock() // until it is there nobody opens it a second time
	defer b.mu.Unlock()
	if err := p.begin(ctx, state{Tender: t, Outline: outline, Begun: b.desk.Now()}); err != nil {
		return nil, errors.Join(err, p.drop())
	}
	b.open[folder] = p
	return p, nil
}

// maxOutline bounds an outline's file, in bytes, as package bid does.
const maxOutline = 1 << 20

// NewFromFile begins a bid by an outline that lies in a file. Errors: bids.outline_unreadable, and those of New.
func (b *Book) NewFromFile(ctx context.Context, path string) (*Project, error) {
	data, err := disk.Read(path, maxOutline)
	if err != nil {
		return nil, fault("outline_unreadable", err, "file", filepath.Base(path))
	}
	return b.New(ctx, Tender{}, data)
}

func (b *Book) project(folder string) *Project {
	return &Project{book: b, folder: folder, dir: filepath.Join(b.desk.Folder(), folder), shelf: b.desk.Shelf(folder)}
}

// List gives all projects, the one that was changed last first. Together with an error, about projects that cannot be read, come
// the others.
func (b *Book) List(ctx context.Context) ([]*Project, error) {
	entries, err := os.ReadDir(b.desk.Folder())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, b.desk.DiskError(b.desk.Folder(), err)
	}
	var all []*Project
	var errs []error
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), Prefix) {
			continue
		}
		p, err := b.Open(ctx, strings.TrimPrefix(e.Name(), Prefix))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(x, y *Project) int { return y.changed().Compare(x.changed()) })
	return all, errors.Join(errs...)
}

// Open gives a project by its id. Errors: bids.damaged.
func (b *Book) Open(ctx context.Context, id string) (*Project, error) {
	folder := Prefix + id
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.open[folder]; p != nil {
		return p, nil
	}
	p := b.project(folder)
	if err := p.load(ctx); err != nil {
		return nil, err
	}
	b.open[folder] = p
	return p, nil
}

// Delete throws a project away, with its documents and the file that was built. One that was handed in is kept, for its receipt
// and as the backup of what the platform has. So is one on its way, which counts from the deadline on if its last byte has arrived.
// Errors: bids.handed_in, bids.uploading, bids.busy, the disk's.
func (b *Book) Delete(p *Project) error {
	if !p.making.TryLock() {
		return fault("busy", nil)
	}
	defer p.making.Unlock()
	p.mu.Lock()
	all := p.state.Sent
	p.mu.Unlock()
	switch {
	case slices.ContainsFunc(all, func(s Sent) bool { return len(s.Receipts) > 0 || s.holds() }):
		return fault("handed_in", nil)
	case slices.ContainsFunc(all, func(s Sent) bool { return s.State == platformapi.BidUploading }):
		return fault("uploading", nil)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, p.folder)
	return p.drop()
}

// For is the project that was begun for a tender of the platform, nil where there is none; of several the one that was changed
// last.
func (b *Book) For(ctx context.Context, tender string) (*Project, error) {
	all, err := b.List(ctx)
	for _, p := range all {
		if p.View().Tender.ID == tender {
			return p, nil
		}
	}
	return nil, err
}

// Due counts the bids that were begun for a tender whose deadline is to come, and are not handed in as they stand now.
func (b *Book) Due(ctx context.Context) int {
	all, _ := b.List(ctx) // as in Held
	n := 0
	for _, p := range all {
		if v := p.View(); !v.Tender.Deadline.IsZero() && !v.Late(b.desk.Now()) && !v.HandedIn() {
			n++
		}
	}
	return n
}

// A Held is a bid that was built and is not opened yet, as far as is known: only the keys of some certificates open it.
type Held struct {
	Name     string    // of the tender
	Serials  []string  // of those certificates
	Opens    time.Time // zero where nobody told
	HandedIn bool      // it lies with the platform
	Phone    bool      // the key is on a phone
}

// openedWithin is how long after the announced time an opening may still be going on.
const openedWithin = 24 * time.Hour

// Held lists the bids that somebody must still open. A change of a certificate, or its revocation, would make them unreadable.
func (b *Book) Held(ctx context.Context) []Held {
	all, _ := b.List(ctx) // one that cannot be read now is told of where bids are listed
	var out []Held
	for _, p := range all {
		v := p.View()
		if v.Built == nil || !v.Tender.Opens.IsZero() && b.desk.Now().After(v.Tender.Opens.Add(openedWithin)) {
			continue
		}
		out = append(out, Held{Name: cmp.Or(v.Outline.Name, v.Outline.Tender), Serials: v.Built.Recipients, Opens: v.Tender.Opens,
			HandedIn: v.Current() != nil, Phone: v.Built.Phone})
	}
	return out
}
