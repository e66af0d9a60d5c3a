package verify

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/finding"
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

// TestPublishedAttacks judges the attack files that researchers published:
// none is valid, and documents only prepared for an attack are intact.
func TestPublishedAttacks(t *testing.T) {
	for _, name := range corpus(t, "pdf-attacks") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			info, err := f.Stat()
			if err != nil {
				t.Fatal(err)
			}
			// Every signer is trusted, so that only the document decides.
			opts := Options{Now: testNow}
			r, err := File(context.Background(), f, info.Size(), opts)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range r.Signatures {
				if s.Certificate != nil {
					opts.Roots = append(opts.Roots, s.Certificate)
				}
			}
			if r, err = File(context.Background(), f, info.Size(), opts); err != nil {
				t.Fatal(err)
			}
			t.Logf("%s %v %v", r.Verdict, allCodes(r), changes(r))
			for _, f := range r.Findings {
				t.Log(f.Message)
			}
			for _, s := range r.Signatures {
				for _, f := range s.Findings {
					if f.Severity == finding.Fatal {
						t.Log(f.Message)
					}
				}
			}
			prepared := strings.Contains(name, "--3_")
			if prepared {
				if len(r.Signatures) == 0 || slices.ContainsFunc(r.Signatures, func(s Signature) bool { return !s.Intact }) {
					t.Errorf("a prepared document is %s", r.Verdict)
				}
			} else if r.Verdict != Invalid {
				t.Errorf("an attack is %s", r.Verdict)
			}
		})
	}
}
