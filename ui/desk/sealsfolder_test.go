package desk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/ui/desk/words"
)

// The seals are copied to the folder that is chosen and read from there, also by a desk that is opened later; those in the old one stay.
func TestSealsAreKeptInAnotherFolder(t *testing.T) {
	d := plainDesk(t, t.TempDir(), nil)
	c := d.SealCase(owner)
	kept := makeSeal(t, c, "第一个有限公司")
	removed := makeSeal(t, c, "第二个有限公司")
	if err := c.Remove(removed.ID); err != nil {
		t.Fatal(err)
	}
	old := c.dir()
	to := t.TempDir()
	if err := d.MoveSeals(context.Background(), to); err != nil {
		t.Fatal(err)
	}
	if folder, own := d.SealsFolder(); !own || c.dir() == old || !strings.HasPrefix(c.dir(), folder) {
		t.Fatalf("%s, %v; the party's are in %s", folder, own, c.dir())
	}
	has := func(what string, ids ...string) {
		t.Helper()
		all, err := c.List(context.Background())
		if err != nil {
			t.Fatal(what, err)
		}
		var got []string
		for _, k := range all {
			if k.Source != SealFromName && k.Broken == nil {
				got = append(got, k.ID)
			}
		}
		if strings.Join(got, " ") != strings.Join(ids, " ") {
			t.Errorf("%s: %q, want %q", what, got, ids)
		}
	}
	has("after the move", kept.ID)
	if err := c.Restore(removed.ID); err != nil {
		t.Errorf("what was removed cannot be brought back any more: %v", err)
	}
	has("brought back", kept.ID, removed.ID)
	if !there(filepath.Join(old, kept.ID, sealRecordFile)) {
		t.Error("the seal is gone from the old folder")
	}
	if info, err := os.Stat(filepath.Join(c.dir(), kept.ID)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}

	// A disk that is not plugged in is told of, and is no case without seals.
	if err := os.Rename(to, to+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.List(context.Background()); !errors.Is(err, fault("seals_folder_gone", nil)) {
		t.Errorf("without the folder: %v", err)
	}
	if err := os.Rename(to+".away", to); err != nil {
		t.Fatal(err)
	}
	// Back to the usual folder: what came meanwhile comes along, what is there already stays.
	if err := d.MoveSeals(context.Background(), ""); err != nil {
		t.Fatal(err)
	}
	if c.dir() != old {
		t.Errorf("the party's are in %s", c.dir())
	}
	has("back", kept.ID, removed.ID)
}

func TestAFolderThatCannotHoldTheSealsIsRefused(t *testing.T) {
	d := plainDesk(t, t.TempDir(), nil)
	before, _ := d.SealsFolder()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{
		filepath.Join(t.TempDir(), "none"): "seals_folder", file: "seals_folder",
		d.cfg.Folders.Data: "seals_folder_inside", before: "seals_folder_inside",
	} {
		if err := os.MkdirAll(before, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := d.MoveSeals(context.Background(), to); !errors.Is(err, fault(want, nil)) {
			t.Errorf("%s: %v, want %s", to, err, want)
		}
	}
	if now, own := d.SealsFolder(); now != before || own {
		t.Errorf("the seals are in %s", now)
	}
}

// The language that was chosen is there before the next desk is, and only one that there are words of can be chosen.
func TestALanguageIsChosenForTheNextStart(t *testing.T) {
	d := plainDesk(t, t.TempDir(), nil)
	folders := d.cfg.Folders
	if got := ChosenLanguage(folders); got != "" || d.Language() != "" {
		t.Errorf("at first %q", got)
	}
	if err := d.SetLanguage(words.English); err != nil {
		t.Fatal(err)
	}
	if got := ChosenLanguage(folders); got != words.English {
		t.Errorf("%q", got)
	}
	if err := d.SetLanguage("../x"); !errors.Is(err, fault("language_unknown", nil)) || d.Language() != words.English {
		t.Errorf("%v, %q", err, d.Language())
	}
	if err := os.WriteFile(filepath.Join(folders.Data, preferencesFile), []byte(`{"language": 7}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := ChosenLanguage(folders); got != "" {
		t.Errorf("of a damaged file %q", got)
	}
}
