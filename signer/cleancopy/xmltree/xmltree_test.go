package xmltree

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

var limits = Limits{Depth: 20, Nodes: 1000}

func TestParse(t *testing.T) {
	tests := []struct {
		name, in, out string
		unsafe        bool
	}{
		{"plain", `<a x="1">b&amp;c</a>`, `<a x="1">b&amp;c</a>`, false},
		{"mark", "\xef\xbb\xbf<a/>", `<a/>`, false},
		{"utf-16", "\xff\xfe<\x00a\x00/\x00>\x00", `<a/>`, false},
		{"prefixes", `<p:a xmlns:p="u"><p:b p:c="d"/></p:a>`, `<p:a xmlns:p="u"><p:b p:c="d"/></p:a>`, false},
		{"comment and instruction", `<?x y?><a><!-- z --><?x y?></a>`, `<a/>`, false},
		{"section", `<a><![CDATA[<b>]]></a>`, `<a>&lt;b&gt;</a>`, false},
		{"document type", `<!DOCTYPE a><a/>`, "", true},
		{"entity", `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, "", true},
		{"other encoding", `<?xml version="1.0" encoding="gbk"?><a/>`, "", true},
		{"deep", strings.Repeat("<a>", 30) + strings.Repeat("</a>", 30), "", true},
		{"many", "<a>" + strings.Repeat("<b/>", 2000) + "</a>", "", true},
		{"many names of namespaces", "<a" + manyNames() + "/>", "", true},
		{"unknown entity", `<a>&x;</a>`, "", false},
		{"prefix unknown", `<p:a/>`, "", false},
		{"twice", `<a x="1" x="2"/>`, "", false},
		{"twice under two prefixes", `<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>`, "", false},
		{"two roots", `<a/><b/>`, "", false},
		{"text outside", `<a/>x`, "", false},
		{"not closed", `<a><b></a>`, "", false},
		{"ends early", `<a>`, "", false},
		{"nothing", ``, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := Parse([]byte(tt.in), nil, limits)
			if tt.out == "" {
				if err == nil {
					t.Fatal("accepted")
				}
				if errors.Is(err, ErrUnsafe) != tt.unsafe {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, got, _ := strings.Cut(string(n.Bytes()), "\n"); got != tt.out {
				t.Errorf("%s, want %s", got, tt.out)
			}
		})
	}
}

func TestMovedNodesKeepTheirNamespace(t *testing.T) {
	n, err := Parse([]byte(`<a><wrap xmlns:p="u"><p:b p:c="d"/></wrap></a>`), map[string]string{"u": "short"}, limits)
	if err != nil {
		t.Fatal(err)
	}
	n.Kids = n.Kids[0].Kids
	if !n.Kids[0].Is("short", "b") {
		t.Error("not known by its short name")
	}
	if _, got, _ := strings.Cut(string(n.Bytes()), "\n"); got != `<a><p:b p:c="d" xmlns:p="u"/></a>` {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`<a x="1">b</a>`, `<p:a xmlns:p="u"><p:b p:c="d"/></p:a>`, `<a xmlns="u"><b xmlns=""/></a>`, "\xff\xfe<\x00a\x00/\x00>\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := Parse(data, nil, limits)
		if err != nil {
			return
		}
		once := n.Bytes()
		again, err := Parse(once, nil, Limits{Depth: 100, Nodes: 1 << 20})
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, once)
		}
		if twice := again.Bytes(); string(once) != string(twice) {
			t.Fatalf("%s\n%s", once, twice)
		}
	})
}

// manyNames declares more prefixes than any office program does.
func manyNames() string {
	var b strings.Builder
	for i := range 600 {
		fmt.Fprintf(&b, ` xmlns:p%d="u"`, i)
	}
	return b.String()
}
