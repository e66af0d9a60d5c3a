package desk

import (
	"encoding/json"
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

// readPreferences takes what was kept. A damaged file only forgets choices; one of a newer program is left as it is, for to write
// it anew would lose what this program does not know. Error: desk.settings_newer.
func (d *Desk) readPreferences() error {
	d.prefs.Version = preferencesVersion
	path := filepath.Join(d.cfg.Folders.Data, preferencesFile)
	data, err := disk.Read(path, maxPreferences)
	if err != nil {
		return nil
	}
	var fields map[string]json.RawMessage
	var kept struct{ Version int }
	if json.Unmarshal(data, &fields) != nil || json.Unmarshal(data, &kept) != nil || kept.Version < 0 {
		return nil
	}
	if kept.Version > preferencesVersion {
		return fault("settings_newer", nil, "file", path)
	}
	for _, migrate := range migrations[kept.Version:] {
		if migrate(fields) != nil {
			return nil
		}
	}
	if data, err = json.Marshal(fields); err != nil {
		return err
	}
	_ = json.Unmarshal(data, &d.prefs) // what has another type is forgotten
	d.prefs.Version = preferencesVersion
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
