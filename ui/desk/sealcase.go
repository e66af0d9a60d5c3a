package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"sealdesk/platformapi"
	"sealdesk/signer/disk"
	"sealdesk/signer/seal"
	"sealdesk/ui/desk/words"
)

// A SealCase keeps a party's seals in the user's folder: each in a folder of its own, which is made whole or not at all. What
// was removed is put aside and can be brought back. It may be used by several goroutines.
type SealCase struct {
	desk *Desk
	key  Key

	mu     sync.Mutex
	drawn  []SealChoice // from the certificate; nil: not drawn yet
	loaded map[string]loadedSeal
}

// loadedSeal is a kept seal as it was when it was read.
type loadedSeal struct {
	time   time.Time
	choice SealChoice
}

// What lies in a seal's folder. An electronic seal has no picture of its own there: the one within it is what counts.
const (
	sealRecordFile     = "seal.json"
	sealPictureFile    = "face.png"
	sealElectronicFile = "seal.esl"
	removedFolder      = ".removed"
	chosenFile         = "chosen.json"

	maxSealRecord = 64 << 10 // bytes
)

const (
	removedFor   = 30 * 24 * time.Hour // how long what was removed is kept
	maxSealTitle = 60                  // characters
)

// sealRecord is what is kept of a seal beside its picture.
type sealRecord struct {
	Title    string     `json:"title"`
	Owner    string     `json:"owner,omitempty"`
	Form     seal.Form  `json:"form,omitempty"`
	Source   SealSource `json:"source"`
	Added    time.Time  `json:"added"`
	WidthMM  float64    `json:"widthMM,omitempty"` // of a picture
	HeightMM float64    `json:"heightMM,omitempty"`
}

// SealCase gives the case of the party that a key belongs to.
func (d *Desk) SealCase(key Key) *SealCase {
	return &SealCase{desk: d, key: key, loaded: map[string]loadedSeal{}}
}

// dir is the party's folder, which is another one when the person chose so meanwhile.
func (c *SealCase) dir() string {
	c.desk.mu.Lock()
	defer c.desk.mu.Unlock()
	return c.desk.cfg.Folders.sealsOf(c.desk.prefs.Seals, safeName(c.key.USCC))
}

// List gives all seals of the party: those drawn from its name, and the kept ones in the order in which they came, broken ones
// among them. What the name cannot be drawn for is the error; the kept ones are given all the same.
func (c *SealCase) List(ctx context.Context) ([]SealChoice, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var drawErr error
	if c.drawn == nil {
		c.drawn, drawErr = c.draw(ctx)
	}
	kept, err := c.kept()
	if err != nil {
		return nil, err
	}
	return append(slices.Clone(c.drawn), kept...), drawErr
}

// draw makes a contract seal and an official seal of the name in the certificate. No number is put under the arc: a registered
// one is not known, and another would be made up.
func (c *SealCase) draw(ctx context.Context) ([]SealChoice, error) {
	var out []SealChoice
	for _, form := range []seal.Form{seal.Contract, seal.Company} {
		draft, err := c.Draw(ctx, seal.Style{Form: form, Name: c.key.Owner, Bottom: form.Bottom()})
		if err != nil {
			return nil, err
		}
		draft.ID, draft.Source, draft.Title = string(form), SealFromName, c.desk.cfg.Words.T("seal."+string(form))
		out = append(out, draft.SealChoice)
	}
	return out, nil
}

// kept reads what is in the folder; c.mu is held. A folder that a person chose, and which is not there now, is no case without seals.
func (c *SealCase) kept() ([]SealChoice, error) {
	if folder, own := c.desk.SealsFolder(); own && !there(folder) {
		return nil, fault("seals_folder_gone", nil, "folder", folder)
	}
	entries, err := os.ReadDir(c.dir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault("file_unreadable", err, "file", filepath.Base(c.dir()))
	}
	var out []SealChoice
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		out = append(out, c.keptSeal(e.Name()))
	}
	slices.SortStableFunc(out, func(a, b SealChoice) int { return a.Added.Compare(b.Added) })
	return out, nil
}

// keptSeal reads one, from memory if it did not change.
func (c *SealCase) keptSeal(id string) SealChoice {
	changed := newest(filepath.Join(c.dir(), id))
	had, ok := c.loaded[id]
	if !ok || !had.time.Equal(changed) {
		choice, err := c.load(id)
		if err != nil {
			problem := c.desk.cfg.Words.Problem(err)
			choice.Broken = &problem
		}
		had = loadedSeal{changed, choice}
		c.loaded[id] = had
	}
	choice := had.choice
	if choice.Broken == nil && choice.Expired(time.Now()) {
		problem := c.desk.cfg.Words.Problem(fault("seal_expired", nil, "title", choice.Title, "until", choice.Until.Format(time.DateOnly)))
		choice.Broken = &problem
	}
	return choice
}

// newest is when a file of the folder was written last.
func newest(dir string) (last time.Time) {
	for _, name := range []string{sealRecordFile, sealPictureFile, sealElectronicFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// load reads a kept seal. What can be told of a broken one is given beside the error.
func (c *SealCase) load(id string) (SealChoice, error) {
	dir := filepath.Join(c.dir(), id)
	choice := SealChoice{ID: id, Title: id, Source: SealFromFile}
	var r sealRecord
	data, err := disk.Read(filepath.Join(dir, sealRecordFile), maxSealRecord)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return choice, fault("seal_broken", err, "title", id)
	}
	choice.Title, choice.Owner, choice.Form, choice.Source, choice.Added = r.Title, r.Owner, r.Form, r.Source, r.Added
	der, err := disk.Read(filepath.Join(dir, sealElectronicFile), maxSeal)
	switch {
	case err == nil:
		e, err := c.electronic(der, keptOnce)
		if err != nil {
			return choice, fault("seal_broken", err, "title", r.Title)
		}
		e.ID, e.Title, e.Source, e.Added = id, r.Title, r.Source, r.Added
		return e, nil
	case !errors.Is(err, fs.ErrNotExist):
		return choice, fault("seal_broken", err, "title", r.Title)
	}
	picture, err := readPicture(filepath.Join(dir, sealPictureFile))
	if err != nil || !(r.WidthMM > 0 && r.HeightMM > 0 && max(r.WidthMM, r.HeightMM) <= maxSealMM) {
		return choice, fault("seal_broken", err, "title", r.Title)
	}
	choice.Seal = seal.Seal{Name: r.Title, Image: picture.Image, WidthMM: r.WidthMM, HeightMM: r.HeightMM}
	return choice, nil
}

// What the longer side of a seal can be, in millimetres.
const (
	minSealMM = 8
	maxSealMM = 100
)

// Keep puts a seal into the case and gives it back with its ID. One that is there already is given back as it is; another one of
// the same title gets a number behind it.
func (c *SealCase) Keep(draft SealDraft) (SealChoice, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := draft.SealChoice
	if s.Seal.Image == nil || !(max(s.Seal.WidthMM, s.Seal.HeightMM) <= maxSealMM) {
		return SealChoice{}, fault("seal_no_size", nil)
	}
	face, err := encodeFace(s)
	if err != nil {
		return SealChoice{}, err
	}
	there, err := c.kept()
	if err != nil {
		return SealChoice{}, err
	}
	if s.Title, err = sealTitle(s.Title); err != nil {
		return SealChoice{}, err
	}
	for _, k := range there {
		if k.Broken == nil && c.same(k, s, face) {
			return k, nil
		}
	}
	s.Title = numbered(s.Title, there)
	s.ID = platformapi.NewID()
	return c.put(s, face)
}

// put makes the folder of a new seal; c.mu is held.
func (c *SealCase) put(s SealChoice, face []byte) (SealChoice, error) {
	s.Added = time.Now().Truncate(time.Second)
	if err := os.MkdirAll(c.dir(), 0o700); err != nil {
		return SealChoice{}, diskError(c.dir(), err)
	}
	tmp, err := os.MkdirTemp(c.dir(), ".new-*") // mode 0700
	if err != nil {
		return SealChoice{}, diskError(c.dir(), err)
	}
	defer os.RemoveAll(tmp)
	if s.Electronic != nil {
		err = writeFile(filepath.Join(tmp, sealElectronicFile), s.Electronic)
	} else {
		err = writeFile(filepath.Join(tmp, sealPictureFile), face)
	}
	if err == nil {
		err = writeRecord(tmp, s)
	}
	if err == nil {
		err = errors.Join(os.Rename(tmp, filepath.Join(c.dir(), s.ID)), disk.SyncFolder(c.dir()))
	}
	if err != nil {
		return SealChoice{}, diskError(filepath.Join(c.dir(), s.ID), err)
	}
	return c.keptSeal(s.ID), nil
}

// encodeFace gives the picture as it is kept; nothing for an electronic seal, which has its own.
func encodeFace(s SealChoice) ([]byte, error) {
	if s.Electronic != nil {
		return nil, nil
	}
	var b bytes.Buffer
	err := png.Encode(&b, s.Seal.Image)
	return b.Bytes(), err
}

// same tells whether a kept seal is the very one that is to be kept.
func (c *SealCase) same(kept, s SealChoice, face []byte) bool {
	if kept.Electronic != nil || s.Electronic != nil {
		return bytes.Equal(kept.Electronic, s.Electronic)
	}
	if kept.Seal.WidthMM != s.Seal.WidthMM || kept.Source != s.Source {
		return false
	}
	there, err := disk.Read(filepath.Join(c.dir(), kept.ID, sealPictureFile), maxSeal)
	return err == nil && bytes.Equal(there, face)
}

func writeRecord(dir string, s SealChoice) error {
	r := sealRecord{Title: s.Title, Owner: s.Owner, Form: s.Form, Source: s.Source, Added: s.Added}
	if s.Electronic == nil {
		r.WidthMM, r.HeightMM = s.Seal.WidthMM, s.Seal.HeightMM
	}
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, sealRecordFile), data)
}

// sealTitle is a title that can be kept.
func sealTitle(title string) (string, error) {
	title = strings.Join(strings.Fields(title), " ")
	if n := utf8.RuneCountInString(title); n == 0 || n > maxSealTitle || !platformapi.IsPlain(title) {
		return "", fault("seal_title", nil, "max", maxSealTitle)
	}
	return title, nil
}

// numbered is a title that no other seal has.
func numbered(title string, others []SealChoice) string {
	free := func(t string) bool {
		return !slices.ContainsFunc(others, func(o SealChoice) bool { return o.Title == t })
	}
	for n := 2; ; n++ {
		if free(title) {
			return title
		}
		if next := title + " (" + strconv.Itoa(n) + ")"; free(next) {
			return next
		}
	}
}

// find gives a kept seal; c.mu is held.
func (c *SealCase) find(id string) (SealChoice, error) {
	kept, err := c.kept()
	if err != nil {
		return SealChoice{}, err
	}
	for _, k := range kept {
		if k.ID == id {
			return k, nil
		}
	}
	return SealChoice{}, fault("seal_gone", nil)
}

// Rename gives a kept seal another title.
func (c *SealCase) Rename(id, title string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	title, err := sealTitle(title)
	if err != nil {
		return err
	}
	s, err := c.find(id)
	if err != nil {
		return err
	}
	path := filepath.Join(c.dir(), id, sealRecordFile)
	if s.Added.IsZero() { // its record cannot be read: another one would lose what is in it
		return fault("seal_broken", nil, "title", s.Title)
	}
	s.Title = title
	if err := writeRecord(filepath.Dir(path), s); err != nil {
		return err
	}
	delete(c.loaded, id) // the clock of a file system may be too coarse to tell
	return nil
}

// Remove puts a kept seal aside. Restore brings it back, for 30 days.
func (c *SealCase) Remove(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.find(id); err != nil {
		return err
	}
	aside := filepath.Join(c.dir(), removedFolder)
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return diskError(aside, err)
	}
	c.forget(aside)
	to := filepath.Join(aside, id)
	if err := os.Rename(filepath.Join(c.dir(), id), to); err != nil {
		return diskError(to, err)
	}
	now := time.Now()
	return diskError(to, os.Chtimes(to, now, now)) // from when its 30 days count
}

// forget deletes what was removed long ago. What cannot be deleted now is tried again the next time.
func (c *SealCase) forget(aside string) {
	entries, _ := os.ReadDir(aside)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > removedFor {
			_ = os.RemoveAll(filepath.Join(aside, e.Name()))
		}
	}
}

// Restore brings back a seal that was removed.
func (c *SealCase) Restore(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id != filepath.Base(id) {
		return fault("seal_gone", nil)
	}
	err := os.Rename(filepath.Join(c.dir(), removedFolder, id), filepath.Join(c.dir(), id))
	if errors.Is(err, fs.ErrNotExist) {
		return fault("seal_gone", err)
	}
	delete(c.loaded, id)
	return diskError(filepath.Join(c.dir(), id), err)
}

// chosenSeals are the IDs of the seals that were chosen last: by the certificate's SHA-256 and the kind of document.
type chosenSeals map[string]map[string]string

func (c *SealCase) chosen() chosenSeals {
	all := chosenSeals{}
	if data, err := disk.Read(filepath.Join(c.dir(), chosenFile), maxPreferences); err == nil {
		_ = json.Unmarshal(data, &all) // a damaged file only forgets a choice
	}
	return all
}

// Preferred is the ID of the seal that this certificate used or chose last for a kind of document; empty when there is none.
func (c *SealCase) Preferred(document string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chosen()[c.key.SHA256][document]
}

// Prefer remembers a seal for a kind of document.
func (c *SealCase) Prefer(document, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.chosen()
	if all[c.key.SHA256][document] == id {
		return nil
	}
	if all[c.key.SHA256] == nil {
		all[c.key.SHA256] = map[string]string{}
	}
	all[c.key.SHA256][document] = id
	data, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir(), 0o700); err != nil {
		return diskError(c.dir(), err)
	}
	return writeFile(filepath.Join(c.dir(), chosenFile), data)
}

// doubts are the findings that keep an electronic seal from being trusted, in words.
func (d *Desk) doubts(errs []error) []words.Problem {
	var out []words.Problem
	for _, err := range errs {
		out = append(out, d.cfg.Words.Problem(err))
	}
	return out
}
