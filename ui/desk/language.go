package desk

import (
	"encoding/json"
	"path/filepath"
	"slices"

	"sealdesk/signer/disk"
	"sealdesk/ui/desk/words"
)

const maxPreferences = 4 << 20 // bytes, of what is read before there is a desk

// ChosenLanguage is the language that a person chose for the window, as it lies in these folders; empty: none, or it cannot be read.
// It is asked before there is a desk, which is made with its words.
func ChosenLanguage(f Folders) string {
	data, err := disk.Read(filepath.Join(f.Data, preferencesFile), maxPreferences)
	var kept struct {
		Language string `json:"language"`
	}
	if err != nil || json.Unmarshal(data, &kept) != nil {
		return ""
	}
	return kept.Language
}

// Language is the tag of the language that was chosen, which holds from the next start on; empty: the system's.
func (d *Desk) Language() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.prefs.Language
}

// SetLanguage keeps the choice of a language that there are words of, or the empty one. Errors: desk.language_unknown, those of the
// disk; then the one before stays.
func (d *Desk) SetLanguage(tag string) error {
	if tag != "" && !slices.ContainsFunc(d.cfg.Words.Languages(), func(l words.Language) bool { return l.Tag == tag }) {
		return fault("language_unknown", nil, "language", tag)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.prefs.Language
	d.prefs.Language = tag
	if err := d.savePreferences(); err != nil {
		d.prefs.Language = before
		return err
	}
	return nil
}
