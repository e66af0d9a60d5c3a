package desk

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/outbox/turn"
	"sealdesk/platformapi/outbox/vault"
)

func (f Folders) outbox() string { return filepath.Join(f.Data, "outbox") }
func (f Folders) vault() string  { return filepath.Join(f.Data, "vault") }

// OpenOutbox opens the outbox in the folders without a desk, beside one that is open, too. ring keeps the key of what lies
// there; nil is none, and the key lies in a file.
//
// Errors: *vault.Error, *outbox.Error.
func OpenOutbox(ctx context.Context, folders Folders, ring vault.Keyring) (*outbox.Box, error) {
	box, _, err := openOutbox(ctx, folders, ring)
	return box, err
}

func openOutbox(ctx context.Context, folders Folders, ring vault.Keyring) (*outbox.Box, *vault.Vault, error) {
	v, err := vault.Open(ctx, folders.vault(), ring)
	if err != nil {
		return nil, nil, err
	}
	box, err := outbox.Open(ctx, folders.outbox(), v, outbox.Options{})
	return box, v, err
}

// KeyLost tells that an error says that the key of what lies on this machine is gone, and in which Data folder that is.
func KeyLost(err error) (data string, ok bool) {
	e := &vault.Error{}
	if errors.As(err, &e) && e.CodeValue == vault.CodeKeyLost && e.Folder != "" {
		return filepath.Dir(e.Folder), true
	}
	return "", false
}

// SetAside moves what cannot be read any more out of the way, so that work can begin anew: the outbox, the drafts and bids with
// their documents, the credit library, and their vault. Nothing is deleted; the new folder is told. While a program has the outbox open it must not be
// done.
func SetAside(folders Folders) (string, error) {
	aside := filepath.Join(folders.Data, "unreadable-"+time.Now().Format("20060102-150405"))
	if err := os.Mkdir(aside, 0o700); err != nil {
		return "", diskError(aside, err)
	}
	var works []string
	for _, where := range []string{contractsFolder, bidsFolder, creditFolder} {
		found, err := filepath.Glob(filepath.Join(folders.Data, "parties", "*", where))
		if err != nil {
			return "", diskError(folders.Data, err)
		}
		works = append(works, found...)
	}
	// The vault goes last: when this breaks off, what is left is found unreadable again.
	for _, from := range append(works, folders.outbox(), folders.vault()) {
		rel, err := filepath.Rel(folders.Data, from)
		to := filepath.Join(aside, rel)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o700)
		}
		if err == nil {
			err = os.Rename(from, to)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", diskError(from, err)
		}
	}
	return aside, nil
}

// setAside gives a file that cannot be read another name, for who can mend it, and tells that.
func setAside(path string) (string, error) {
	aside := path + ".damaged-" + time.Now().Format("20060102-150405")
	return aside, diskError(aside, os.Rename(path, aside))
}

// KeyPlace says where the key of what lies on this machine is kept: in the system's keyring, or in a file.
func (d *Desk) KeyPlace() vault.Where {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.vault.Where()
}

// party takes the turn of a party's folder, for one program at a time works on a contract. Of this desk several sessions may
// be open; end gives the turn up with the last of them.
func (d *Desk) party(ctx context.Context, f Folders, org string) (end func(), err error) {
	d.mu.Lock()
	kept := d.vault
	d.mu.Unlock()
	d.partiesMu.Lock()
	defer d.partiesMu.Unlock()
	dir := f.party(org)
	p := d.parties[dir]
	if p == nil {
		held, err := turn.Try(f.turn(org))
		if errors.Is(err, turn.ErrTaken) {
			return nil, fault("party_in_use", nil)
		}
		if err != nil {
			return nil, diskError(dir, err)
		}
		_ = f.putAway(ctx, kept, org) // what cannot be taken up now stays, and is at the next time
		p = &party{turn: held}
		d.parties[dir] = p
	}
	p.sessions++
	return func() {
		d.partiesMu.Lock()
		defer d.partiesMu.Unlock()
		if p.sessions--; p.sessions == 0 {
			_ = f.putAway(context.Background(), kept, org) // nor is what cannot be taken up now lost
			_ = p.turn.End()                               // otherwise it ends with the program
			delete(d.parties, dir)
		}
	}, nil
}

// A party is one whose folder this desk works in.
type party struct {
	turn     *turn.Turn
	sessions int
}
