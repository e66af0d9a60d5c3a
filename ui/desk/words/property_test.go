package words

import (
	"strings"
	"testing"

	"sealdesk/assets/i18n"
)

func TestPropertiesAreNamed(t *testing.T) {
	known := func(lang string) *Catalog {
		c, err := New(i18n.Files, lang)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	zh, en := known(Chinese), known(English)
	for _, tt := range []struct{ name, value, zh, en string }{
		{"creator", "张三", "作者：张三", "Author: 张三"},
		{"Author", "张三", "作者：张三", "Author: 张三"},
		{"Creator", "WPS 文字", "创建程序：WPS 文字", "Created with: WPS 文字"},
		{"lastModifiedBy", "李四; 王五", "最后修改人：李四; 王五", "Last changed by: 李四; 王五"},
		{"thumbnail", "", "缩略图", "Thumbnail"},
		{"KSOProductBuildVer", "2052-12.1", "“KSOProductBuildVer”：2052-12.1", `"KSOProductBuildVer": 2052-12.1`},
		{"", "x", "“”：x", `"": x`},
	} {
		if got := zh.Property(tt.name, tt.value); got != tt.zh {
			t.Errorf("%q: %s, want %s", tt.name, got, tt.zh)
		}
		if got := en.Property(tt.name, tt.value); got != tt.en {
			t.Errorf("%q: %s, want %s", tt.name, got, tt.en)
		}
	}
	for name := range properties {
		for _, c := range []*Catalog{zh, en} {
			if got := c.Property(name, ""); strings.Contains(got, "found.") {
				t.Errorf("%s: no words for %s: %s", c.Language(), name, got)
			}
		}
	}
}
