package main

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

var when = time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)

func TestAVersionFollowsTheTag(t *testing.T) {
	for _, tt := range []struct {
		tag     string
		changed bool
		want    string
		windows string
	}{
		{"v1.2.0", false, "1.2.0", "1.2.0.0"},
		{"v1.2.0-5-gba17f2be050e", false, "1.2.0+5.gba17f2be050e", "1.2.0.5"},
		{"v1.2.0", true, "1.2.0+0.changed", "1.2.0.0"},
		{"", false, "0.0.0+20261126.gba17f2be050e", "0.0.0.0"},
		{"", true, "0.0.0+20261126.gba17f2be050e.changed", "0.0.0.0"},
		{"v1.2", false, "0.0.0+20261126.gba17f2be050e", "0.0.0.0"},
	} {
		got := versionOf(tt.tag, "ba17f2be050e", when, tt.changed)
		if got != tt.want || fourNumbers(got) != tt.windows {
			t.Errorf("%q: %s, %s", tt.tag, got, fourNumbers(got))
		}
	}
}

// The same files give the same archive, wherever and whenever they were written.
func TestTheSameFilesGiveTheSameArchive(t *testing.T) {
	for _, ending := range []string{".zip", ".tar.gz"} {
		var made [][]byte
		for i := range 2 {
			dir := t.TempDir()
			for _, name := range []string{"b", "a", "c/d"} {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte("text of "+name), os.FileMode(0o600|0o44*i)); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(path, when, when.Add(time.Duration(i)*time.Hour)); err != nil {
					t.Fatal(err)
				}
			}
			to := filepath.Join(t.TempDir(), "sealdesk-1.2.0-linux-amd64"+ending)
			if err := writeArchive(to, dir, when); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(to)
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, data)
		}
		if !bytes.Equal(made[0], made[1]) || len(made[0]) < 100 {
			t.Errorf("%s: %d and %d bytes that differ", ending, len(made[0]), len(made[1]))
		}
	}
}

// Keys are opened by whoever sits at the machine, never by everybody.
func TestTheRulesAreForWhoSitsThere(t *testing.T) {
	rules, err := udevRules()
	if err != nil {
		t.Fatal(err)
	}
	text := string(rules)
	if !strings.Contains(text, `ATTR{idVendor}=="096e", TAG+="uaccess"`) || !strings.Contains(text, `ATTR{idVendor}=="055c", TAG+="uaccess"`) {
		t.Errorf("a vendor is missing:\n%s", text)
	}
	if strings.Contains(text, "MODE") || strings.Contains(text, "db08") {
		t.Errorf("open to everybody, or said twice:\n%s", text)
	}
}

func TestTheIconHasAllSizes(t *testing.T) {
	data := icon()
	count := int(binary.LittleEndian.Uint16(data[4:]))
	if count != 7 {
		t.Fatalf("%d pictures", count)
	}
	for i := range count {
		entry := data[6+16*i:]
		side := int(entry[0])
		if side == 0 {
			side = 256
		}
		size, at := binary.LittleEndian.Uint32(entry[8:]), binary.LittleEndian.Uint32(entry[12:])
		m, err := png.Decode(bytes.NewReader(data[at : at+size]))
		if err != nil || m.Bounds().Dx() != side {
			t.Errorf("picture %d: %v", i, err)
		}
	}
}

// The installer takes every file that is built for Windows, and the uninstaller takes away each file that it brought, by name.
func TestTheInstallerTakesAwayWhatItBrought(t *testing.T) {
	data, err := os.ReadFile("../windows/sealdesk.nsi")
	if err != nil {
		t.Fatal(err)
	}
	named := func(pattern string) []string {
		var names []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(data), -1) {
			names = append(names, m[1])
		}
		slices.Sort(names)
		return names
	}
	brought, gone := named(`(?m)^  File "\$\{TREE\}/([^"]+)"`), named(`(?m)^  Delete "\$INSTDIR\\([^"]+)"`)
	want := []string{"CHANGES.md", "LICENSE.txt", "NOTICES.txt", "OFL.txt", "tokenhost-386.exe"}
	for _, name := range (target{os: "windows", arch: "amd64", window: true}).programs() {
		want = append(want, name+".exe")
	}
	slices.Sort(want)
	if !slices.Equal(brought, want) {
		t.Errorf("the installer brings %q, built are %q", brought, want)
	}
	brought = append(brought, "sealdesk.ico", "uninstall.exe") // which it makes itself
	slices.Sort(brought)
	if !slices.Equal(brought, gone) {
		t.Errorf("the installer brings %q and takes away %q", brought, gone)
	}
}

func TestLibrariesOfALaterGlibcAreNewer(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"2.27", "2.17", true}, {"2.4", "2.17", false}, {"2.2.5", "2.17", false}, {"2.17", "2.17", false}} {
		if newer(tt.a, tt.b) != tt.want {
			t.Errorf("%s, %s", tt.a, tt.b)
		}
	}
}

// A module that a folder of this project stands for is not looked for elsewhere.
func TestWhatLiesHereIsNotOfOthers(t *testing.T) {
	for _, c := range []struct {
		replace *debug.Module
		want    string
	}{
		{nil, "a.example/b v1.0.0"},
		{&debug.Module{Path: "c.example/d", Version: "v2.0.0"}, "c.example/d v2.0.0"},
		{&debug.Module{Path: "./here", Version: "(devel)"}, ""},
		{&debug.Module{Path: "./here"}, ""},
	} {
		got := ""
		if m, ok := ofOthers(&debug.Module{Path: "a.example/b", Version: "v1.0.0", Replace: c.replace}); ok {
			got = m.Path + " " + m.Version
		}
		if got != c.want {
			t.Errorf("%v: %q, not %q", c.replace, got, c.want)
		}
	}
}
