package main

import (
	"os"
	"path/filepath"
	"testing"

	"sealdesk/cmd/internal/demo"
)

// The window speaks the language that was asked for, else the one of the settings, else the system's.
func TestTheWindowSpeaksTheChosenLanguage(t *testing.T) {
	work := t.TempDir()
	english := func(name string) string { return map[string]string{"LANG": "en_US.UTF-8"}[name] }
	chinese := func(string) string { return "" }
	says := func(lang string, getenv func(string) string, want string) {
		t.Helper()
		c, err := speak(options{demo: true, work: work, lang: lang}, getenv)
		if err != nil || c.Language() != want {
			t.Errorf("%v, %v, want %s", c, err, want)
		}
	}
	says("", chinese, "zh-CN")
	says("", english, "en")
	data := demo.Folders(work).Data
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "preferences.json"), []byte(`{"version": 1, "language": "en"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	says("", chinese, "en")
	says("zh-CN", english, "zh-CN")
}
