package widgets

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"

	"sealdesk/ui/theme"
)

// ruler finds each character 10 wide, Latin ones 5.
func ruler(s string) float32 {
	w := float32(0)
	for _, r := range s {
		if r < 0x2000 {
			w += 5
		} else {
			w += 10
		}
	}
	return w
}

func TestWrap(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		width    float32
		want     []string
	}{
		{"Chinese breaks anywhere", "政府采购合同签订", 3, []string{"政府采", "购合同", "签订"}},
		{"a closing mark does not begin a line", "政府采，购合", 3, []string{"政府", "采，购", "合"}},
		{"an opening mark does not end a line", "政府（采购）", 3, nil},
		{"Latin breaks at spaces", "ab cd ef", 2.5, []string{"ab cd", "ef"}},
		{"a long word is cut", "0123456789", 2, []string{"0123", "4567", "89"}},
		{"lines given are kept", "甲\n\n乙", 3, []string{"甲", "", "乙"}},
		{"nothing is one empty line", "", 3, []string{""}},
	} {
		got := wrap(tc.in, 10*tc.width, ruler)
		if len(tc.want) > 0 && !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
		for _, l := range got {
			if r, _ := utf8.DecodeLastRuneInString(l); len(got) > 1 && strings.ContainsRune(noLineEnd, r) {
				t.Errorf("%s: line %q ends with an opening mark", tc.name, l)
			}
		}
	}
}

func TestTextIsCutOnlyWhenItMayBe(t *testing.T) {
	long := "高新区智慧交通信号系统升级改造及五年运行维护服务采购项目"
	whole, cut := Body(long), Body(long).Clip()
	show(t, Row(0, whole), 1000, 40)
	if whole.MinSize().Width < 300 {
		t.Errorf("whole text is %v wide", whole.MinSize().Width)
	}
	show(t, Column(0, cut), 120, 40)
	if got := cut.line.Text; !strings.HasSuffix(got, "…") || cut.line.MinSize().Width > 120.5 {
		t.Errorf("shown %q, %v wide in 120", got, cut.line.MinSize().Width)
	}
	if cut.Text() != long {
		t.Error("the words themselves were cut")
	}
	cut.Resize(fyne.NewSize(900, 20))
	if cut.line.Text != long {
		t.Errorf("in 900 still %q", cut.line.Text)
	}
}

func TestParagraphGrowsWithItsLines(t *testing.T) {
	p := NewParagraph(strings.Repeat("合同", 40), theme.TextBody, theme.Text)
	below := Body("下一行")
	show(t, Column(4, p, below), 300, 400)
	if n := len(p.wrapped()); n < 4 {
		t.Fatalf("%d lines", n)
	}
	if y := below.Position().Y; y < p.lineHeight()*float32(len(p.wrapped())) {
		t.Errorf("what follows stands at %v, over the paragraph", y)
	}
}
