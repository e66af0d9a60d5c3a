package desk

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sealdesk/platformapi/outbox/turn"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/papers"
)

// The folders in a party's folder that contracts lie in.
const (
	contractsFolder = "contracts"
	deletedFolder   = "deleted"
)

// Documents are named by what they are; their ids follow.
const (
	stemOriginal = "original-"
	stemInvoice  = "invoice-"
	stemClean    = "clean-"
	stemSealed   = "sealed-"
	stemReceived = "received-"
	stemPublic   = "public-"
	stemShown    = "shown-" // the upload as pages
)

// document tells by its name that a file is a document of a contract or of a bid.
func document(name string) bool {
	return bids.Document(name) || slices.ContainsFunc([]string{stemOriginal, stemInvoice, stemClean, stemSealed, stemReceived, stemPublic, stemShown},
		func(stem string) bool { return strings.HasPrefix(name, stem) })
}

// shelf holds the documents of the contract, or the bid, that lies in a folder of a party's.
func (f Folders) shelf(v *vault.Vault, org, where, contract string) *papers.Shelf {
	var rooms []string
	for _, open := range f.open() {
		rooms = append(rooms, filepath.Join(open, org, contract))
	}
	return papers.NewShelf(v, filepath.Join(f.Data, "parties", org, where, contract), rooms...)
}

// putAway closes what lies open of a party's documents, now or since a program died. The party's turn is ours, and nobody
// works with them.
func (f Folders) putAway(ctx context.Context, v *vault.Vault, org string) error {
	var errs []error
	away := func(where, contract string) {
		errs = append(errs, f.shelf(v, org, where, contract).PutAway(ctx, document))
	}
	for _, where := range []string{deletedFolder, contractsFolder, bidsFolder, creditFolder} {
		for _, contract := range folders(filepath.Join(f.Data, "parties", org, where)) {
			away(where, contract)
		}
	}
	for _, open := range f.open() {
		for _, name := range folders(filepath.Join(open, org)) {
			where := contractsFolder
			if strings.HasPrefix(name, bids.Prefix) {
				where = bidsFolder
			}
			away(where, name)
		}
		_ = os.Remove(filepath.Join(open, org)) // when it is empty
	}
	return errors.Join(errs...)
}

// putAllAway closes what programs that died left open of any party's documents. A party that another program works for is left
// to it.
func (f Folders) putAllAway(ctx context.Context, v *vault.Vault) error {
	var errs []error
	for _, open := range f.open() {
		for _, org := range folders(open) {
			held, err := turn.Try(f.turn(org))
			if errors.Is(err, turn.ErrTaken) || errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil {
				err = errors.Join(f.putAway(ctx, v, org), held.End())
			}
			errs = append(errs, err)
		}
		_ = os.Remove(open) // when it is empty
	}
	return errors.Join(errs...)
}

// turn is the file by which one program at a time works for a party.
func (f Folders) turn(org string) string { return filepath.Join(f.Data, "parties", org, "desk.turn") }

// folders are the names of the folders in one; none when it is not there.
func folders(dir string) []string {
	entries, _ := os.ReadDir(dir) // one that cannot be read is told of by who works in it
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out
}

// plain gives the path of a document of the contract, decrypted, if it is still the one that was put there.
func (w *Work) plain(ctx context.Context, f File) (string, error) {
	path, err := w.shelf.Plain(ctx, f.Path, f.SHA256)
	return path, w.shelfError(err, f.Name)
}

// shelfError says that a document is not what was put there, or what the disk has.
func (w *Work) shelfError(err error, name string) error {
	damaged := &vault.Error{}
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &damaged) {
		return fault("file_changed", err, "file", name)
	}
	return diskError(filepath.Join(w.dir, name), err)
}

// whole tells that a document lies here as it should.
func (w *Work) whole(ctx context.Context, f *File) bool {
	d, err := w.shelf.Digest(ctx, f.Path)
	return err == nil && d == papers.Digest{SHA256: f.SHA256, Size: f.Size}
}

// keepDocument takes a document that was made in a room onto the shelf. It must be the one that is meant; one that is not taken
// goes.
func (w *Work) keepDocument(ctx context.Context, path string, f File) error {
	d, err := w.shelf.Keep(ctx, path)
	if err == nil && d != (papers.Digest{SHA256: f.SHA256, Size: f.Size}) {
		err = fault("file_changed", nil, "file", f.Name)
	}
	if err != nil {
		_ = w.shelf.Drop(f.Path)
		return diskError(filepath.Join(w.dir, f.Path), err)
	}
	return nil
}
