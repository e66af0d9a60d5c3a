package foreign

import (
	"strings"
	"testing"
)

func TestTexts(t *testing.T) {
	for name, tc := range map[string]struct {
		in, clean   string
		line, plain bool
	}{
		"Chinese":                 {"云溪县　采购中心", "云溪县　采购中心", true, true},
		"a rare character":        {"𠮷", "𠮷", true, true},
		"one of private use":      {"\ue000", "\ue000", true, true},
		"spaces around":           {" 张三 ", "张三", true, true},
		"nothing":                 {"", "", true, true},
		"a line feed and a tab":   {"一\n\t二", "一  二", false, true},
		"a return":                {"一\r二", "一 二", false, false},
		"a next line":             {"一\u0085二", "一 二", false, false},
		"a line separator":        {"一\u2028二\u2029三", "一 二 三", false, false},
		"a terminal's escape":     {"a\x1b[2Jb", "a[2Jb", false, false},
		"one of eight bits":       {"a\u009b2Jb", "a2Jb", false, false},
		"a zero byte":             {"a\x00b", "ab", false, false},
		"a delete":                {"a\x7fb", "ab", false, false},
		"a turn of direction":     {"a\u202eb", "ab", false, false},
		"an isolate":              {"a\u2066b\u2069", "ab", false, false},
		"a mark of direction":     {"a\u200fb", "ab", false, false},
		"nothing that has a name": {"a\ufeffb\u200b", "ab", false, false},
		"what is no UTF-8":        {"a\xff\xfeb", "ab", false, false},
		"what was lost before":    {"a\ufffdb", "ab", true, true},
	} {
		if got := Clean(tc.in, 100); got != tc.clean {
			t.Errorf("%s became %q", name, got)
		}
		if IsLine(tc.in) != tc.line || IsPlain(tc.in) != tc.plain {
			t.Errorf("%s: a line: %t, plain: %t", name, IsLine(tc.in), IsPlain(tc.in))
		}
	}
	if got := Clean(strings.Repeat("长", 200), 128); got != strings.Repeat("长", 127)+"…" {
		t.Errorf("a long text became %q", got)
	}
	if got := Clean(strings.Repeat("长", 128), 128); got != strings.Repeat("长", 128) {
		t.Errorf("a text that fits became %q", got)
	}
}
