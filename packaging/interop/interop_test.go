package main

import (
	"context"
	"strings"
	"testing"

	"sealdesk/signer"
)

var (
	plain = sample{name: "pades RSA-2048 B", form: "pades", levels: []signer.Level{signer.LevelB}, fields: 1}
	two   = sample{name: "pades RSA-2048 T; then pades P-256 T", form: "pades", levels: []signer.Level{signer.LevelT, signer.LevelT}, fields: 2}
	long  = sample{name: "pades RSA-2048 LT", form: "pades", levels: []signer.Level{signer.LevelLT}, fields: 1}
)

// What the judges print is understood, and nothing but an answer about every signature counts as good.
func TestWhatJudgesSay(t *testing.T) {
	const unchanged, edited = "The document is unchanged since signing.\n", "The signature is valid but there have been edits since signing.\n"
	const valid, trusted, whole = "  - Signature Validation: Signature is Valid.\n", "  - Certificate Validation: Certificate is Trusted.\n", "  - Total document signed\n"
	for _, tt := range []struct {
		name string
		said said
		good bool
		says string
	}{
		{"mutool, unchanged", mutoolSays(unchanged, plain), true, ""},
		{"mutool, edited and nothing whole", mutoolSays(edited, plain), false, "1 of 1 fields valid"},
		{"mutool, edited by what proves it", mutoolSays(edited, long), true, ""},
		{"mutool, both", mutoolSays(edited+unchanged, two), true, ""},
		{"mutool, one of two", mutoolSays(unchanged, two), false, "1 of 2"},
		{"mutool, changed", mutoolSays("Digest error: Signature invalidated by change to document.", plain), false, "Digest error"},
		{"mutool, silent", mutoolSays("", plain), false, "0 of 1"},
		{"pdfsig, good", pdfsigSays(valid+trusted+whole, plain), true, ""},
		{"pdfsig, not whole", pdfsigSays(valid+trusted, plain), false, "1 fields valid"},
		{"pdfsig, not whole but long", pdfsigSays(valid+trusted, long), true, ""},
		{"pdfsig, not trusted", pdfsigSays(valid+"  - Certificate Validation: Certificate issuer is unknown.\n"+whole, plain), false, "issuer is unknown"},
		{"pdfsig, altered", pdfsigSays("  - Signature Validation: Digest Mismatch.\n"+whole, plain), false, "Digest Mismatch"},
		{"pyHanko, good", pyhankoSays([]pyhankoAnswer{{Good: true, Ades: "Passed.OK", Covers: "ENTIRE_FILE"}}, plain), true, ""},
		{"pyHanko, its bottom line bad", pyhankoSays([]pyhankoAnswer{{Why: "INVALID", Covers: "ENTIRE_FILE"}}, plain), false, "INVALID"},
		{"pyHanko, bad by the standard", pyhankoSays([]pyhankoAnswer{{Good: true, Ades: "Indeterminate.NO_POE", Covers: "ENTIRE_FILE"}}, plain), false, "EN 319 102-1"},
		{"pyHanko, not whole", pyhankoSays([]pyhankoAnswer{{Good: true, Covers: "ENTIRE_REVISION"}}, plain), false, "whole file"},
		{"pyHanko, one of two", pyhankoSays([]pyhankoAnswer{{Good: true, Covers: "ENTIRE_FILE"}}, two), false, "1 of 2"},
		{"pyHanko, stumbles", pyhankoSays([]pyhankoAnswer{{Failure: "KeyError: x"}}, plain), false, "KeyError"},
		{"pyHanko, silent", pyhankoSays(nil, plain), false, "0 of 1"},
		{"DSS, good", dssSays([]dssAnswer{{Indication: "TOTAL_PASSED", Level: "PAdES-BASELINE-B", Covers: "FULL", Fields: 1}}, plain), true, ""},
		{"DSS, of another level", dssSays([]dssAnswer{{Indication: "TOTAL_PASSED", Level: "PAdES-BASELINE-T", Covers: "FULL", Fields: 1}}, plain), false, "PAdES-BASELINE-T, not PAdES-BASELINE-B"},
		{"DSS, undecided", dssSays([]dssAnswer{{Indication: "INDETERMINATE", SubIndication: "TRY_LATER", Level: "PAdES-BASELINE-B"}}, plain), false, "TRY_LATER"},
		{"DSS, changed", dssSays([]dssAnswer{{Indication: "TOTAL_PASSED", Level: "PAdES-BASELINE-B", Covers: "FULL", Changes: "/Catalog"}}, plain), false, "changed: /Catalog"},
		{"DSS, silent", dssSays(nil, plain), false, "0 of 1"},
	} {
		if tt.said.good != tt.good || !strings.Contains(tt.said.says, tt.says) {
			t.Errorf("%s: %+v", tt.name, tt.said)
		}
	}
}

// scripted is a judge who says the same of every file.
type scripted struct {
	title string
	said  said
}

func (s scripted) name() string  { return s.title }
func (scripted) missing() string { return "" }
func (s scripted) judge(_ context.Context, _ *world, samples []sample) (map[string]said, error) {
	all := map[string]said{}
	for _, sample := range samples {
		all[sample.path] = s.said
	}
	return all, nil
}

// A disagreement that nothing explains is counted and told, an explained one gets its reason, and an altered file must be refused.
func TestTheTableTellsWhoDisagrees(t *testing.T) {
	altered := plain
	altered.path, altered.broken, altered.name = "altered", true, "altered"
	national := plain
	national.path, national.name = "sm2", "pades SM2 B"
	table := table{title: "Files", judges: []judge{scripted{"yes", said{good: true}}, scripted{"mutool", bad("Digest error: Unknown error")}}, samples: []sample{plain, national, altered}}
	var log, out strings.Builder
	if err := table.fill(t.Context(), nil, &log); err != nil {
		t.Fatal(err)
	}
	n, err := table.print(&out)
	if err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{
		"| pades RSA-2048 B | ok  | NO      |", "| pades SM2 B      | ok  | no 2    |", "| altered          | NO  | refused |", "\n2  mutool: ",
		"DISAGREES  mutool, pades RSA-2048 B: Digest error: Unknown error\n", "DISAGREES  yes, altered: ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	if n != 2 {
		t.Errorf("%d disagreements are counted", n)
	}
}
