package verify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus finds ../shared/corpora beside the module's root.
func corpus(t *testing.T, folder string) []string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no module root")
		}
		dir = parent
	}
	files, err := filepath.Glob(filepath.Join(dir, "..", "shared", "corpora", folder, "*.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("skipped: there is no corpus %s beside the repository", folder)
	}
	return files
}

// TestPublishedAttacks judges the attack files that researchers published, as
// the corpus's README expects it: an attack is not valid, and is named; a
// document that was only prepared for one is intact.
func TestPublishedAttacks(t *testing.T) {
	met := map[string]int{}
	for _, name := range corpus(t, "pdf-attacks") {
		base := filepath.Base(name)
		var want struct{ kind, attack string }
		for prefix, attack := range map[string]string{
			"isa_": attackSaving, "siwa_": attackWrapping, "usf_": attackForgery,
			"shadow-hide-variant": attackHide, "shadow-hide-and-replace": attackSwitch, "shadow-replace": attackReplace,
		} {
			if strings.HasPrefix(base, prefix) {
				want.kind, want.attack = prefix, attack
			}
		}
		if want.kind == "" {
			t.Errorf("%s is of no kind that the README names", base)
			continue
		}
		met[want.kind]++
		t.Run(base, func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			// Every signer is trusted, so that only the document decides.
			opts := Options{Now: testNow}
			for _, s := range verifyWith(t, data, opts).Signatures {
				if s.Certificate != nil {
					opts.Roots = append(opts.Roots, s.Certificate)
				}
			}
			r := verifyWith(t, data, opts)
			t.Logf("%s %v %v %v", r.Verdict, allCodes(r), changes(r), r.Findings)
			if strings.Contains(base, "--3_") {
				if r.Verdict != Valid || len(r.Signatures) != 1 || !r.Signatures[0].Intact || !r.Signatures[0].CoversWholeFile {
					t.Errorf("a prepared document is %s", r.Verdict)
				}
				if want.attack == attackSwitch && !found(r, "verify.hidden_pages") {
					t.Error("what lies in wait is not told")
				}
				return
			}
			// What hides by way of a form is put away by replacing a field.
			named := found(r, "verify."+want.attack) || strings.Contains(base, "via-form") && found(r, "verify."+attackReplace)
			if r.Verdict != Invalid || !named {
				t.Errorf("an attack is %s, and not named %s", r.Verdict, want.attack)
			}
		})
	}
	for kind, least := range map[string]int{"isa_": 9, "siwa_": 5, "usf_": 7, "shadow-hide-variant": 5, "shadow-hide-and-replace": 2} {
		if met[kind] < least {
			t.Errorf("%d files of the kind %s, want %d", met[kind], kind, least)
		}
	}
}
