package desk

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sealdesk/signer/disk"
)

const maxSealFile = 64 << 20 // bytes, of a file that is copied; the largest that is read again, maxSeal, has an eighth of it

// SealsFolder is the folder in which the seals of all parties are, each party's in a folder of its own; own tells that a person chose it.
func (d *Desk) SealsFolder() (folder string, own bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.prefs.Seals != "" {
		return d.prefs.Seals, true
	}
	return d.cfg.Folders.parties(), false
}

// parties is the folder in which each party has its own.
func (f Folders) parties() string { return filepath.Join(f.Data, "parties") }

// sealsOf is the folder of a party's seals below the one that was chosen, or beside its drafts when that is empty.
func (f Folders) sealsOf(chosen, org string) string {
	if chosen == "" {
		return filepath.Join(f.party(org), "seals")
	}
	return filepath.Join(chosen, org)
}

// MoveSeals keeps the seals of all parties in another folder from now on, which has to be there; empty: the usual one. The seals that
// there are are copied into it before, those that were removed with them; what the new folder has already stays, and so does what lies
// in the old one. Errors: desk.seals_folder, desk.seals_folder_inside, those of the disk; then the old folder stays in use.
func (d *Desk) MoveSeals(ctx context.Context, to string) error {
	if to != "" {
		var err error
		if to, err = d.fitForSeals(to); err != nil {
			return err
		}
	}
	d.mu.Lock()
	from := d.prefs.Seals
	d.mu.Unlock()
	if from == to {
		return nil
	}
	base, _ := d.SealsFolder()
	orgs, err := os.ReadDir(base)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diskError(base, err)
	}
	if errors.Is(err, fs.ErrNotExist) && from != "" && to != "" {
		return fault("seals_folder_gone", err, "folder", base)
	}
	for _, org := range orgs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !org.IsDir() || safeName(org.Name()) != org.Name() {
			continue // nothing of ours
		}
		if err := copySeals(d.cfg.Folders.sealsOf(from, org.Name()), d.cfg.Folders.sealsOf(to, org.Name())); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.prefs.Seals = to
	if err := d.savePreferences(); err != nil {
		d.prefs.Seals = from
		return err
	}
	return nil
}

// fitForSeals is the whole path of a folder that may hold seals: it is there, can be written to, and is none of the program's own,
// where parties' drafts have the same names.
func (d *Desk) fitForSeals(to string) (string, error) {
	to, err := filepath.Abs(to)
	if err == nil {
		to, err = filepath.EvalSymlinks(to)
	}
	if err != nil {
		return "", fault("seals_folder", err, "folder", to)
	}
	data, err := filepath.EvalSymlinks(d.cfg.Folders.Data)
	if err != nil {
		return "", diskError(d.cfg.Folders.Data, err)
	}
	if rel, err := filepath.Rel(data, to); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", fault("seals_folder_inside", nil, "folder", to)
	}
	tried, err := os.MkdirTemp(to, ".new-*")
	if err != nil {
		return "", fault("seals_folder", err, "folder", to)
	}
	return to, os.Remove(tried)
}

// copySeals copies the seals of one party that the other folder has not.
func copySeals(from, to string) error {
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return diskError(from, err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return diskError(to, err)
	}
	for _, e := range entries {
		source, target := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		switch {
		case e.Name() == removedFolder && e.IsDir():
			err = copySeals(source, target)
		case there(target), e.IsDir() && strings.HasPrefix(e.Name(), "."): // half made
			continue
		case e.IsDir():
			err = copySeal(source, target)
		case e.Type().IsRegular():
			err = copyFile(source, target)
		}
		if err != nil {
			return err
		}
	}
	return disk.SyncFolder(to)
}

func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// copySeal copies the folder of one seal, which gets its name when it is whole.
func copySeal(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return diskError(from, err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(to), ".new-*") // mode 0700
	if err != nil {
		return diskError(to, err)
	}
	defer os.RemoveAll(tmp)
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		if err := copyFile(filepath.Join(from, e.Name()), filepath.Join(tmp, e.Name())); err != nil {
			return err
		}
	}
	// What is put aside is kept for a while from the time of its folder.
	if info, err := os.Stat(from); err == nil {
		_ = os.Chtimes(tmp, info.ModTime(), info.ModTime())
	}
	return diskError(to, os.Rename(tmp, to))
}

// copyFile writes a file anew under another name, with the time of the first.
func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return diskError(from, err)
	}
	data, err := disk.Read(from, maxSealFile)
	if err != nil {
		return diskError(from, err)
	}
	if err := writeFile(to, data); err != nil {
		return err
	}
	return diskError(to, os.Chtimes(to, info.ModTime(), info.ModTime()))
}
