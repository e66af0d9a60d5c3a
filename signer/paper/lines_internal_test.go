package paper

import (
	"slices"
	"testing"
)

func TestLines(t *testing.T) {
	// Every character is one wide.
	m := func(s string) (float64, error) { return float64(len([]rune(s))), nil }
	tests := []struct {
		name, text string
		width      float64
		want       []string
	}{
		{"empty", "", 5, []string{""}},
		{"short", "合同", 5, []string{"合同"}},
		{"between Chinese characters", "采购人与供应商", 4, []string{"采购人与", "供应商"}},
		{"a mark stays with its character", "采购人盖，章", 4, []string{"采购人", "盖，章"}},
		{"an opening bracket goes along", "采购人（盖章）", 4, []string{"采购人", "（盖章）"}},
		{"at spaces", "seal the page", 8, []string{"seal the", "page"}},
		{"a word that is too long", "0123456789ab", 5, []string{"01234", "56789", "ab"}},
		{"a long word after a short one", "at 0123456789", 5, []string{"at", "01234", "56789"}},
		{"line ends", "甲\n乙", 5, []string{"甲", "乙"}},
		{"narrower than a character", "甲乙", 0.5, []string{"甲", "乙"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := lines(tt.text, tt.width, m)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("lines(%q, %g) = %q, want %q", tt.text, tt.width, got, tt.want)
			}
		})
	}
}
