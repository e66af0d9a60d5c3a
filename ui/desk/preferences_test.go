package desk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What was kept before there were versions is taken over; a newer program's file is refused and stays as it is; a damaged one is
// told of once and set aside, whole.
func TestPreferencesOfOtherVersions(t *testing.T) {
	for _, tt := range []struct {
		name, file, code, key string
		damaged               bool
	}{
		{"none", "", "", "", false},
		{"before versions", `{"key": "soft:token=buyer"}`, "", "soft:token=buyer", false},
		{"this one", `{"version": 1, "key": "soft:token=buyer"}`, "", "soft:token=buyer", false},
		{"newer", `{"version": 2, "key": {"uri": "soft:token=buyer"}, "more": true}`, "desk.settings_newer", "", false},
		{"damaged", `{"version": 1, "key": "soft`, "", "", true},
		{"absurd", `{"version": -1, "key": "soft:token=buyer"}`, "", "", true},
		{"nothing", `null`, "", "", true},
		{"of another type", `{"version": 1, "key": "soft:token=buyer", "zoom": "110"}`, "", "soft:token=buyer", true},
		{"no object", `[]`, "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			dir := Folders{Data: t.TempDir(), Cache: t.TempDir()}
			path := filepath.Join(dir.Data, preferencesFile)
			if tt.file != "" {
				must(t, os.WriteFile(path, []byte(tt.file), 0o600))
			}
			d, err := Open(t.Context(), Config{Words: w.words, Folders: dir})
			if tt.code != "" {
				w.told(err, tt.code)
				if now, err := os.ReadFile(path); err != nil || string(now) != tt.file {
					t.Errorf("the file is %s, %v", now, err)
				}
				return
			}
			must(t, err)
			if d.RememberedKey() != tt.key {
				t.Errorf("the key is %q", d.RememberedKey())
			}
			must(t, d.RememberKey("soft:token=seller"))
			set, err := filepath.Glob(path + ".damaged-*")
			must(t, err)
			if !tt.damaged {
				must(t, d.PreferencesTrouble())
				if len(set) > 0 {
					t.Errorf("set aside: %v", set)
				}
			} else if w.told(d.PreferencesTrouble(), "desk.settings_damaged"); len(set) != 1 || !strings.Contains(w.words.Problem(d.PreferencesTrouble()).Do, set[0]) {
				t.Errorf("set aside: %v; told: %v", set, d.PreferencesTrouble())
			} else if was, err := os.ReadFile(set[0]); err != nil || string(was) != tt.file {
				t.Errorf("what was set aside is %s, %v", was, err)
			}
			if now, err := os.ReadFile(path); err != nil || !strings.Contains(string(now), `"version": 1`) {
				t.Errorf("written: %s, %v", now, err)
			}
			must(t, d.Close())
			again, err := Open(t.Context(), Config{Words: w.words, Folders: dir})
			must(t, err)
			defer again.Close()
			must(t, again.PreferencesTrouble())
		})
	}
}
