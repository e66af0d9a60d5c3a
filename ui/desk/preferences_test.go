package desk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What was kept before there were versions is taken over; a newer program's file is refused and stays as it is; a damaged one
// only forgets.
func TestPreferencesOfOtherVersions(t *testing.T) {
	for _, tt := range []struct {
		name, file, code, key string
	}{
		{"none", "", "", ""},
		{"before versions", `{"key": "soft:token=buyer"}`, "", "soft:token=buyer"},
		{"this one", `{"version": 1, "key": "soft:token=buyer"}`, "", "soft:token=buyer"},
		{"newer", `{"version": 2, "key": {"uri": "soft:token=buyer"}, "more": true}`, "desk.settings_newer", ""},
		{"damaged", `{"version": 1, "key": "soft`, "", ""},
		{"absurd", `{"version": -1, "key": "soft:token=buyer"}`, "", ""},
		{"no object", `[]`, "", ""},
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
			defer d.Close()
			if d.RememberedKey() != tt.key {
				t.Errorf("the key is %q", d.RememberedKey())
			}
			must(t, d.RememberKey("soft:token=seller"))
			if now, err := os.ReadFile(path); err != nil || !strings.Contains(string(now), `"version": 1`) {
				t.Errorf("written: %s, %v", now, err)
			}
		})
	}
}
