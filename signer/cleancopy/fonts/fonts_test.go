package fonts

import (
	"bytes"
	"encoding/binary"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// installed is a machine with a few fonts; the faces of a collection share its file.
var installed = newSet([]Face{
	{Families: []string{"Noto Serif CJK JP"}, PostScript: "NotoSerifCJKjp-Regular", File: "serif.ttc"},
	{Families: []string{"Noto Serif CJK SC"}, PostScript: "NotoSerifCJKsc-Regular", File: "serif.ttc"},
	{Families: []string{"Noto Sans CJK SC"}, PostScript: "NotoSansCJKsc-Regular", File: "sans.ttc"},
	{Families: []string{"FangSong", "仿宋"}, PostScript: "FangSong", File: "simfang.ttf"},
	{Families: []string{"Carlito"}, PostScript: "Carlito", File: "carlito.ttf"},
	{Families: []string{"DejaVu Serif"}, PostScript: "DejaVuSerif", File: "dejavu.ttf"},
})

func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range table() {
		if len(r.by) <= len(r.names) {
			t.Errorf("%v is like nothing that the table has", r.names)
		}
		for _, n := range r.names {
			if key := strings.ToLower(n); seen[key] || n != strings.TrimSpace(n) || n == "" {
				t.Errorf("%q stands there twice or is no name", n)
			} else {
				seen[key] = true
			}
		}
	}
	for _, name := range []string{
		"宋体", "SimSun", "黑体", "SimHei", "仿宋", "FangSong", "仿宋_GB2312", "楷体", "KaiTi", "楷体_GB2312", "方正小标宋简体", "方正仿宋_GBK", "微软雅黑", "等线",
		"华文宋体", "华文仿宋", "华文楷体", "华文中宋", "华文细黑", "STSong", "Times New Roman", "Calibri", "Cambria", "Arial", "Courier New",
	} {
		if !seen[strings.ToLower(name)] {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestReplacement(t *testing.T) {
	tests := []struct{ name, want string }{
		{"宋体", "Noto Serif CJK SC"},
		{"simsun", "Noto Serif CJK SC"},
		{"黑体", "Noto Sans CJK SC"},
		{"仿宋_GB2312", "FangSong"},
		{"方正仿宋_GBK", "FangSong"},
		{"楷体", "Noto Serif CJK SC"},
		{"方正小标宋简体", "Noto Serif CJK SC"},
		{"Calibri", "Carlito"},
		{"Times New Roman", "Noto Serif CJK SC"},
		{"Arial", "Noto Sans CJK SC"},
		{"No Such Font", ""},
	}
	for _, tt := range tests {
		if got := installed.Replacement(tt.name); got != tt.want {
			t.Errorf("%s by %q, want %q", tt.name, got, tt.want)
		}
	}
	all := installed.Replacements()
	if slices.ContainsFunc(all, func(r Replacement) bool { return installed.Has(r.Name) || !installed.Has(r.By) }) {
		t.Errorf("one that is there is replaced, or one that is not replaces: %v", all)
	}
	if !slices.Contains(all, Replacement{Name: "宋体", By: "Noto Serif CJK SC"}) || !slices.Contains(all, Replacement{Name: "SimSun", By: "Noto Serif CJK SC"}) {
		t.Errorf("%v", all)
	}
	if (*Set)(nil).Replacements() != nil {
		t.Error("where nothing is known there is something to replace with")
	}
}

func TestSubstitutes(t *testing.T) {
	tests := []struct {
		name        string
		asked, used []string
		want        []Replacement
	}{
		{"by the table, under the collection's name", []string{"宋体"}, []string{"NotoSerifCJKjp-Regular-VKana"}, []Replacement{{"宋体", "Noto Serif CJK SC"}}},
		{"there", []string{"仿宋", "@FangSong"}, []string{"FangSong"}, nil},
		{"nothing was drawn with it", []string{"宋体", "黑体"}, []string{"NotoSansCJKsc-Regular"}, []Replacement{{"黑体", "Noto Sans CJK SC"}}},
		{"not in the table", []string{"某某体"}, []string{"DejaVuSerif"}, []Replacement{{"某某体", "DejaVu Serif"}}},
		{"not in the table, under its own name", []string{"某某体"}, []string{"Unheard"}, []Replacement{{"某某体", "Unheard"}}},
		{"one of two", []string{"某某体"}, []string{"DejaVuSerif", "Carlito"}, []Replacement{{"某某体", ""}}},
		{"beside one that is there", []string{"仿宋", "某某体"}, []string{"FangSong", "DejaVuSerif"}, []Replacement{{"某某体", "DejaVu Serif"}}},
		{"another than the table's", []string{"Calibri"}, []string{"DejaVuSerif"}, []Replacement{{"Calibri", "DejaVu Serif"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := installed.Substitutes(tt.asked, tt.used); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// Reading the files themselves finds what fontconfig tells.
func TestScanAgreesWithFontconfig(t *testing.T) {
	if _, err := exec.LookPath("fc-list"); err != nil {
		t.Fatal("fontconfig is not installed; run packaging/deps.sh")
	}
	told, err := Installed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, f := range told.faces {
		folders = append(folders, filepath.Dir(f.File))
	}
	slices.Sort(folders)
	read, err := scan(t.Context(), slices.Compact(folders))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range told.faces {
		if ext := strings.ToLower(filepath.Ext(f.File)); ext != ".ttf" && ext != ".otf" && ext != ".ttc" {
			continue
		}
		same := func(g Face) bool { return g.File == f.File && g.PostScript == f.PostScript }
		if !slices.ContainsFunc(read.faces, same) || !read.Has(f.Families[0]) {
			t.Errorf("%+v was not read", f)
		}
	}
	if read.Digest() == (*Set)(nil).Digest() || told.Digest() != newSet(slices.Clone(told.faces)).Digest() {
		t.Error("digests do not tell sets apart")
	}
}

// fontFile is a font with nothing but names, by their identifiers.
func fontFile(names map[uint16]string) []byte {
	var records, text bytes.Buffer
	for id, name := range names {
		units := utf16.Encode([]rune(name))
		for _, v := range []uint16{windowsPlatform, 1, 0x804, id, uint16(2 * len(units)), uint16(text.Len())} {
			_ = binary.Write(&records, binary.BigEndian, v)
		}
		_ = binary.Write(&text, binary.BigEndian, units)
	}
	var b bytes.Buffer
	b.WriteString("OTTO\x00\x01\x00\x00\x00\x00\x00\x00" + "name\x00\x00\x00\x00\x00\x00\x00\x1c\x00\x00\x00\x00")
	for _, v := range []uint16{0, uint16(len(names)), uint16(6 + records.Len())} {
		_ = binary.Write(&b, binary.BigEndian, v)
	}
	b.Write(records.Bytes())
	b.Write(text.Bytes())
	return b.Bytes()
}

func TestFaces(t *testing.T) {
	good := fontFile(map[uint16]string{familyName: "楷体", postScriptName: "KaiTi"})
	faces, err := facesOf(bytes.NewReader(good))
	if err != nil || len(faces) != 1 || faces[0].PostScript != "KaiTi" || !slices.Equal(faces[0].Families, []string{"楷体"}) {
		t.Errorf("%+v, %v", faces, err)
	}
	for n := range good {
		if _, err := facesOf(bytes.NewReader(good[:n])); err == nil {
			t.Errorf("%d of %d bytes are taken for a font", n, len(good))
		}
	}
}

func FuzzFaces(f *testing.F) {
	good := fontFile(map[uint16]string{familyName: "楷体", postScriptName: "KaiTi"})
	f.Add(good)
	f.Add(append([]byte("ttcf\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x10"), good...))
	f.Fuzz(func(t *testing.T, b []byte) {
		faces, err := facesOf(bytes.NewReader(b))
		if err == nil && len(faces) > maxFaces {
			t.Errorf("%d faces", len(faces))
		}
	})
}
