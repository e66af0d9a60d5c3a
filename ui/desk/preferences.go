package desk

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"

	"sealdesk/signer/disk"
)

const (
	preferencesFile    = "preferences.json"
	preferencesVersion = 1
)

// preferences are what a person chose, as they lie on the disk.
type preferences struct {
	Version int     `json:"version"`               // of the file's form, preferencesVersion
	Key     string  `json:"key"`                   // URI of the remembered key
	Folder  string  `json:"folder,omitempty"`      // where a file was chosen last
	Pixels  float64 `json:"pixelsPerMM,omitempty"` // of the screen, as it was measured

	Zoom     int    `json:"zoom,omitempty"`     // percent, one of Zooms
	Language string `json:"language,omitempty"` // its tag; empty: the system's
	Seals    string `json:"seals,omitempty"`    // the folder of all parties' seals; empty: each beside the party's drafts
	Compared []Pair `json:"compared,omitempty"` // the latest first

	Platform string   `json:"platform,omitempty"` // ID of the one chosen last
	Settings Settings `json:"settings,omitzero"`

	ForgetSessions bool `json:"forgetSessions,omitempty"`
}

// migrations bring the file of one version to the next: that at index n takes version n. A file without a version is of version 0,
// which was written before there were versions and differs in nothing else.
var migrations = [preferencesVersion]func(map[string]json.RawMessage) error{
	func(map[string]json.RawMessage) error { return nil },
}

// takePreferences is readPreferences for a desk that writes them anew: a damaged file is set aside first, whole, and PreferencesTrouble
// tells of it. Errors: desk.settings_newer, those of the disk.
func (d *Desk) takePreferences() error {
	err := d.readPreferences()
	damaged := fault("settings_damaged", nil)
	if !errors.Is(err, damaged) {
		return err
	}
	aside, asideErr := setAside(filepath.Join(d.cfg.Folders.Data, preferencesFile))
	d.trouble = fault("settings_damaged", err, "file", aside)
	return asideErr
}

// PreferencesTrouble is what was wrong with the file of the choices when the desk was opened; nil at the next time, for the file is
// set aside.
func (d *Desk) PreferencesTrouble() error { return d.trouble }

// readPreferences takes what was kept, of a damaged file what can be read. One of a newer program is left as it is, for to write it
// anew would lose what this program does not know. Errors: desk.settings_newer, desk.settings_damaged.
func (d *Desk) readPreferences() error {
	d.prefs.Version = preferencesVersion
	path := filepath.Join(d.cfg.Folders.Data, preferencesFile)
	data, err := disk.Read(path, maxPreferences)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var fields map[string]json.RawMessage
	var kept struct{ Version int }
	if err == nil {
		err = errors.Join(json.Unmarshal(data, &fields), json.Unmarshal(data, &kept))
	}
	switch {
	case err == nil && kept.Version > preferencesVersion:
		return fault("settings_newer", nil, "file", path)
	case err != nil || fields == nil || kept.Version < 0:
		return fault("settings_damaged", err)
	}
	for _, migrate := range migrations[kept.Version:] {
		if err := migrate(fields); err != nil {
			return fault("settings_damaged", err)
		}
	}
	if data, err = json.Marshal(fields); err != nil {
		return err
	}
	err = json.Unmarshal(data, &d.prefs) // what has another type is forgotten
	d.prefs.Version = preferencesVersion
	if err != nil {
		return fault("settings_damaged", err)
	}
	return nil
}

// savePreferences writes what was chosen; d.mu is held.
func (d *Desk) savePreferences() error {
	data, err := json.MarshalIndent(d.prefs, "", " ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(d.cfg.Folders.Data, preferencesFile), data)
}
