package bids

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sealdesk/platformapi/outbox/vault"
	"sealdesk/signer/bid"
	"sealdesk/signer/cleancopy"
	"sealdesk/ui/desk/papers"
)

// A Project is one bid in the making. Its methods may be called from several goroutines; whatever is typed or made is on disk
// when a method returns.
type Project struct {
	book   *Book
	folder string
	dir    string
	shelf  *papers.Shelf

	making sync.Mutex // held while something long is done with its documents

	mu      sync.Mutex
	state   state
	outline *bid.Outline
}

// A File is a document on the project's shelf.
type File struct {
	Name   string `json:"name"`   // as the person knows it, and as it stands in the bid
	Path   string `json:"path"`   // its name on the shelf
	SHA256 string `json:"sha256"` // lower-case hex
	Size   int64  `json:"size"`   // bytes
}

// node is what there is of a part: the person's file, its clean copy, and that with the seal on it.
type node struct {
	Original  File              `json:"original"`
	Clean     *File             `json:"clean,omitempty"`
	Report    *cleancopy.Report `json:"report,omitempty"`
	Confirmed bool              `json:"confirmed,omitempty"` // the person saw what was taken out
	Sealed    *File             `json:"sealed,omitempty"`
	Credit    string            `json:"credit,omitempty"` // the credit library's entry that it is of
}

// An Identity is the bidder's certificates as CA 认证 found them.
type Identity struct {
	Name   string    `json:"name"`
	Code   string    `json:"code"`   // 统一社会信用代码
	Serial string    `json:"serial"` // of the one that signs
	Until  time.Time `json:"until"`
	// Encryption is the certificate to which the inner layer is closed, in DER; the other two are of it.
	Encryption       []byte    `json:"encryption"`
	EncryptionSerial string    `json:"encryptionSerial"`
	EncryptionUntil  time.Time `json:"encryptionUntil"`
	Phone            bool      `json:"phone,omitempty"`
	At               time.Time `json:"at"`
}

// Built is the file that was made.
type Built struct {
	Path       string    `json:"path"` // in the project's folder
	ID         string    `json:"id"`   // the manifest's
	SHA256     string    `json:"sha256"`
	Size       int64     `json:"size"`
	Recipients []string  `json:"recipients"` // serial numbers of the certificates whose keys open it
	Phone      bool      `json:"phone,omitempty"`
	Outer      bool      `json:"outer"` // the platform's layer is on it
	At         time.Time `json:"at"`
	Of         string    `json:"of"` // what went into it: see state.content
}

// state is all that is known of a project, as it lies on the shelf.
type state struct {
	Tender   Tender           `json:"tender"`
	Outline  []byte           `json:"outline"`
	Identity *Identity        `json:"identity,omitempty"`
	Nodes    map[string]*node `json:"nodes,omitempty"` // by the part's code; never changed in place
	Price    []bid.Field      `json:"price,omitempty"` // as typed
	Built    *Built           `json:"built,omitempty"`
	Sent     []Sent           `json:"sent,omitempty"` // the newest last
	Begun    time.Time        `json:"begun"`
	Changed  time.Time        `json:"changed"`
}

// clone gives a copy that shares nothing which changes.
func (s state) clone() state {
	nodes := make(map[string]*node, len(s.Nodes))
	for code, n := range s.Nodes {
		nodes[code] = n
	}
	s.Nodes, s.Price, s.Sent = nodes, slices.Clone(s.Price), slices.Clone(s.Sent)
	return s
}

// files are the names on the shelf that the state speaks of.
func (s state) files() []File {
	var out []File
	for _, n := range s.Nodes {
		out = append(out, n.Original)
		for _, f := range []*File{n.Clean, n.Sealed} {
			if f != nil {
				out = append(out, *f)
			}
		}
	}
	return out
}

const (
	stateFile = "bid.json"
	maxState  = 32 << 20 // bytes; it holds a report of what was taken out for each node
	builtEnd  = ".bid"
)

// The documents on a project's shelf are named by what they are; an id follows.
const (
	stemOriginal = "original-"
	stemClean    = "clean-"
	stemSealed   = "sealed-"
)

// Document tells by its name that a file is a document of a bid.
func Document(name string) bool {
	return name == stateFile || slices.ContainsFunc([]string{stemOriginal, stemClean, stemSealed}, func(stem string) bool { return strings.HasPrefix(name, stem) })
}

// ID is the project's.
func (p *Project) ID() string { return strings.TrimPrefix(p.folder, Prefix) }

func (p *Project) changed() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state.Changed
}

func (p *Project) begin(ctx context.Context, s state) (err error) {
	if p.outline, err = bid.ReadOutline(strings.NewReader(string(s.Outline))); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keep(ctx, s)
}

// load reads the project. Files that it does not speak of are what a crash left: they go.
func (p *Project) load(ctx context.Context) error {
	damaged := func(err error) error { return fault("damaged", err, "folder", p.dir) }
	doc, err := p.shelf.Open(stateFile)
	if err != nil {
		return damaged(err)
	}
	defer doc.Close()
	data, err := io.ReadAll(io.LimitReader(doc.Reader(), maxState))
	if err != nil {
		return damaged(err)
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return damaged(err)
	}
	o, err := bid.ReadOutline(strings.NewReader(string(s.Outline)))
	if err != nil {
		return damaged(err)
	}
	for _, f := range s.files() {
		if f.Path != filepath.Base(f.Path) || !Document(f.Path) || f.Size < 0 {
			return damaged(nil)
		}
	}
	built := func(path string) bool { return path == filepath.Base(path) && strings.HasSuffix(path, builtEnd) }
	if s.Built != nil && !built(s.Built.Path) || slices.ContainsFunc(s.Sent, func(x Sent) bool { return !built(x.Path) }) {
		return damaged(nil)
	}
	p.state, p.outline = s, o
	p.sweep()
	return nil
}

// sweep removes what no state speaks of. What cannot be removed now is at the next time.
func (p *Project) sweep() {
	known := map[string]bool{stateFile: true}
	for _, f := range p.state.files() {
		known[f.Path] = true
	}
	names, _ := p.shelf.Names("")
	for _, n := range names {
		if !known[n.Name] {
			_ = p.shelf.Drop(n.Name)
		}
	}
	entries, _ := os.ReadDir(p.dir)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), builtEnd) && !p.state.inUse(e.Name()) {
			_ = os.Remove(filepath.Join(p.dir, e.Name()))
		}
	}
}

// drop removes the project's folder, and what of it lies open.
func (p *Project) drop() error {
	err := errors.Join(p.shelf.PutAway(context.Background(), func(string) bool { return false }), os.RemoveAll(p.dir))
	return p.book.desk.DiskError(p.dir, err)
}

// keep writes a new state; where that fails, the old one stands. p.mu is held.
func (p *Project) keep(ctx context.Context, next state) error {
	next.Changed = p.book.desk.Now()
	data, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if _, err := p.shelf.Put(context.WithoutCancel(ctx), stateFile, strings.NewReader(string(data))); err != nil {
		return p.book.desk.DiskError(filepath.Join(p.dir, stateFile), err)
	}
	p.state = next
	return nil
}

// change keeps what f makes of the state, and drops the documents that nothing speaks of any more.
func (p *Project) change(ctx context.Context, f func(*state) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := p.state.clone()
	if err := f(&next); err != nil {
		return err
	}
	before := p.state.files()
	if err := p.keep(ctx, next); err != nil {
		return err
	}
	after := next.files()
	for _, old := range before {
		if !slices.ContainsFunc(after, func(n File) bool { return n.Path == old.Path }) {
			_ = p.shelf.Drop(old.Path) // what stays is found by the sweep
		}
	}
	return nil
}

// shelfError says that a document is not what was put there, or what the disk has.
func (p *Project) shelfError(err error, name string) error {
	var damaged *vault.Error
	if errors.Is(err, os.ErrNotExist) || errors.As(err, &damaged) {
		return fault("file_changed", err, "file", name)
	}
	return p.book.desk.DiskError(filepath.Join(p.dir, name), err)
}

// Close puts away what lies open of the documents; the project can be worked on again.
func (p *Project) Close() error {
	if !p.making.TryLock() {
		return nil // whoever works does it
	}
	defer p.making.Unlock()
	return p.putAway()
}

func (p *Project) putAway() error {
	return p.book.desk.DiskError(p.dir, p.shelf.PutAway(context.Background(), Document))
}
