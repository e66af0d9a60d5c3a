package desk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/papers"
)

// Credit is the organisation's credit library (诚信库) as it was synchronised last.
type Credit struct {
	Items   []platformapi.CreditItem
	AsOf    time.Time // when; zero: never
	Offline bool      // it could not be asked for now
}

const (
	creditFile   = "credit.json"
	creditFolder = "credit" // in a party's folder
)

// credit holds the library's files, by their digests.
func (s *Session) credit() *papers.Shelf {
	return s.home.shelf(s.vault, safeName(s.key.USCC), creditFolder, "files")
}

// SyncCredit brings the credit library and those of its files that are not here yet. Where the platform cannot be reached, it is
// what was brought before.
func (s *Session) SyncCredit(ctx context.Context, progress bids.Progress) (Credit, error) {
	t, err := s.tendering()
	if err != nil {
		return Credit{}, err
	}
	kept := filepath.Join(s.dir, creditFile)
	library, err := t.Credit(ctx)
	s.heard(err)
	if err != nil {
		var c Credit
		if platformapi.Retryable(err) && s.recall(kept, &c) {
			c.Offline = true
			return c, nil
		}
		return Credit{}, err
	}
	c := Credit{Items: library.Items, AsOf: time.Now()}
	if err := s.bringCredit(ctx, t, c, progress); err != nil {
		return Credit{}, err
	}
	return c, s.keep(kept, c)
}

// bringCredit brings the files that are not here, and drops those that are not of the library any more.
func (s *Session) bringCredit(ctx context.Context, t platformapi.Tendering, c Credit, progress bids.Progress) error {
	shelf := s.credit()
	here, err := shelf.Names("")
	if err != nil {
		return diskError(s.dir, err)
	}
	wanted := map[string]bool{}
	for i, item := range c.Items {
		report(progress, "bid.step_credit", i, len(c.Items))
		for _, f := range item.Files {
			wanted[f.SHA256] = true
			if slices.ContainsFunc(here, func(n papers.Name) bool { return n.Name == f.SHA256 }) {
				continue
			}
			if err := s.bringFile(ctx, t, shelf, item.ID, f); err != nil {
				return err
			}
		}
	}
	for _, n := range here {
		if !wanted[n.Name] {
			_ = shelf.Drop(n.Name) // the next synchronisation tries again
		}
	}
	return nil
}

func (s *Session) bringFile(ctx context.Context, t platformapi.Tendering, shelf *papers.Shelf, item string, f platformapi.CreditFile) error {
	if f.Size > MaxFile {
		return fault("file_too_large", nil, "file", f.Name, "mb", MaxFile>>20)
	}
	room, err := shelf.Room(f.Size)
	if err != nil {
		return diskError(s.dir, err)
	}
	path, err := t.DownloadCredit(ctx, item, f, room)
	s.heard(err)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	in, err := os.Open(path)
	if err != nil {
		return diskError(path, err)
	}
	defer in.Close()
	if _, err := shelf.Put(ctx, f.SHA256, in); err != nil {
		return diskError(s.dir, err)
	}
	return nil
}

// Credit is the library as it was synchronised last, without asking.
func (s *Session) Credit() Credit {
	var c Credit
	_ = s.recall(filepath.Join(s.dir, creditFile), &c) // what was never synchronised is empty
	return c
}

// AddCredit puts a file of the credit library to a part of a bid. Errors are those of bids.Project.Add.
func (s *Session) AddCredit(ctx context.Context, p *bids.Project, code string, item platformapi.CreditItem, f platformapi.CreditFile, progress bids.Progress) error {
	shelf := s.credit()
	path, err := shelf.Plain(ctx, f.SHA256, f.SHA256)
	if err != nil {
		return diskError(s.dir, err)
	}
	defer os.Remove(path)
	return p.Add(ctx, code, bids.Addition{Path: path, Name: fileName(f.Name, filepath.Ext(f.Name)), Credit: item.ID}, progress)
}

// PutCredit adds an entry to the credit library, or with the id of one that is there changes it. Files of the person's take the
// place of all that the entry has; without any, those stay.
//
// Errors: desk.file_unreadable, the platform's.
func (s *Session) PutCredit(ctx context.Context, id string, e platformapi.CreditEntry, files []string, progress bids.Progress) (platformapi.CreditItem, error) {
	t, err := s.tendering()
	if err != nil {
		return platformapi.CreditItem{}, err
	}
	if len(files) > 0 {
		e.Files = nil
	}
	for i, path := range files {
		report(progress, "bid.step_credit", i, len(files))
		sent, err := s.sendCredit(ctx, t, path)
		if err != nil {
			return platformapi.CreditItem{}, err
		}
		e.Files = append(e.Files, sent)
	}
	item, err := t.PutCredit(ctx, platformapi.NewID(), id, e)
	s.heard(err)
	return item, err
}

// sendCredit brings a file to the platform, which must stay as it is meanwhile: its digest is told there.
func (s *Session) sendCredit(ctx context.Context, t platformapi.Tendering, path string) (platformapi.NewCreditFile, error) {
	name := filepath.Base(path)
	f, err := os.Open(path)
	if err != nil {
		return platformapi.NewCreditFile{}, fault("file_unreadable", err, "file", name)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Size() == 0) {
		err = errors.New("no regular file with anything in it")
	}
	sum := ""
	if err == nil {
		sum, err = bids.Digest(ctx, path)
	}
	if err != nil {
		return platformapi.NewCreditFile{}, fault("file_unreadable", err, "file", name)
	}
	n := platformapi.NewCreditFile{Name: fileName(name, filepath.Ext(name)), SHA256: sum, UploadID: platformapi.NewID()}
	err = t.SendCredit(ctx, n, info.Size(), f)
	s.heard(err)
	return n, err
}

// DropCredit takes an entry out of the credit library.
func (s *Session) DropCredit(ctx context.Context, id string) error {
	t, err := s.tendering()
	if err != nil {
		return err
	}
	_, err = t.RemoveCredit(ctx, platformapi.NewID(), id)
	s.heard(err)
	return err
}

// CreditEntryOf is an entry as it is put to the platform again, with the files that it has.
func CreditEntryOf(x platformapi.CreditItem) platformapi.CreditEntry {
	e := platformapi.CreditEntry{Kind: x.Kind, Name: x.Name, Number: x.Number, Issuer: x.Issuer, ValidFrom: x.ValidFrom, ValidUntil: x.ValidUntil, Note: x.Note}
	for _, f := range x.Files {
		e.Files = append(e.Files, platformapi.NewCreditFile{Name: f.Name, SHA256: f.SHA256})
	}
	return e
}
