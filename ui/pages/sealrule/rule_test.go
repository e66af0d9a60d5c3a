package sealrule

import (
	"testing"

	"sealdesk/ui/desk"
)

// The choice names seals by their kind, and in full where two are of one kind.
func TestSealsAreNamedByTheirKind(t *testing.T) {
	const party = "云台县第一人民医院"
	var got []string
	for _, o := range options([]desk.SealChoice{{Title: party + "合同专用章"}, {Title: party + "公章"}, {Title: "公章"}}, party) {
		got = append(got, o.Text)
	}
	want := []string{"合同专用章", party + "公章", "公章"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
