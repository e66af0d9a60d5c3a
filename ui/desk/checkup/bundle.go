package checkup

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"sealdesk/token/doctor"
)

// versions is the bundle's versions.json.
type versions struct {
	Program
	Go           string `json:"go"`
	System       string `json:"system"` // as "linux/amd64"
	Kernel       string `json:"kernel"`
	Distribution string `json:"distribution"`
	Language     string `json:"language"`
}

// library is an entry of the bundle's libraries.json.
type library struct {
	Path        string `json:"path"`
	Profile     string `json:"profile"` // its ID
	Interface   string `json:"interface"`
	Own         bool   `json:"own"` // the person added it
	Found       bool   `json:"found"`
	Size        int64  `json:"size,omitempty"` // bytes
	SHA256      string `json:"sha256,omitempty"`
	Problem     string `json:"problem,omitempty"`
	Crashes     int    `json:"crashes,omitempty"`
	Quarantined bool   `json:"quarantined,omitempty"`
}

// maxLibrary bounds the files whose digest is made, in bytes.
const maxLibrary = 256 << 20

// Bundle makes the ZIP file for whoever helps: README.txt, report.json, versions.json and libraries.json. Labels of keys give way
// to their serial numbers, and the person's folder to "~".
func (c Checkup) Bundle(r Report, p Program) ([]byte, error) {
	short, err := shortener()
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	put := func(name string, data []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: now})
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	}
	if err := put("README.txt", []byte(c.Words.T("doctor.bundle.readme")+"\n")); err != nil {
		return nil, err
	}
	for _, file := range []struct {
		name    string
		content any
	}{
		{"report.json", struct {
			Made time.Time `json:"made"`
			Report
		}{now, c.withoutLabels(r)}},
		{"versions.json", versions{
			p, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, kernel(), distribution(), c.Words.Language(),
		}},
		{"libraries.json", map[string][]library{"libraries": c.libraries()}},
	} {
		data, err := indented(file.content)
		if err != nil {
			return nil, err
		}
		if err := put(file.name, short(data)); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// withoutLabels says the report anew without the labels of keys.
func (c Checkup) withoutLabels(r Report) Report {
	var bare doctor.Report
	for _, check := range r.Checks {
		bare.Checks = append(bare.Checks, check.Check)
	}
	var out Report
	for _, check := range bare.WithoutLabels().Checks {
		out.Checks = append(out.Checks, c.say(check))
	}
	return out
}

func (c Checkup) libraries() []library {
	list := []library{}
	if c.Libraries == nil {
		return list
	}
	for _, l := range c.Libraries.All() {
		entry := library{
			Path: l.Library, Profile: l.Profile.ID, Interface: string(l.Profile.Interface), Own: l.Own, Found: l.Found,
			Crashes: l.Status.Crashes, Quarantined: l.Status.Quarantined,
		}
		if l.Problem != nil {
			entry.Problem = l.Problem.Error()
		}
		if l.Found {
			entry.Size, entry.SHA256 = digest(l.Library)
		}
		list = append(list, entry)
	}
	return list
}

// digest reads a file's size and SHA-256; a file that is too large, or none, has no digest.
func digest(path string) (size int64, sum string) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxLibrary {
		return 0, ""
	}
	f, err := os.Open(path)
	if err != nil {
		return info.Size(), ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, maxLibrary)); err != nil {
		return info.Size(), ""
	}
	return info.Size(), hex.EncodeToString(h.Sum(nil))
}

// distribution names a distribution of Linux.
func distribution() string {
	data, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	name := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			name[k] = strings.Trim(v, `"'`)
		}
	}
	return cmp.Or(name["PRETTY_NAME"], name["NAME"])
}

// shortener puts "~" for the person's folder in a text of JSON, wherever it stands as the beginning of a path.
func shortener() (func([]byte) []byte, error) {
	same := func(text []byte) []byte { return text }
	home, err := os.UserHomeDir()
	if err != nil {
		return same, nil
	}
	names := []string{filepath.Clean(home)}
	if real, err := filepath.EvalSymlinks(home); err == nil && real != names[0] {
		names = append(names, real)
	}
	short := same
	for _, name := range names {
		if name == filepath.Dir(name) {
			continue // a service's: its folder is the root
		}
		quoted, err := json.Marshal(name) // doubles the strokes of Windows
		if err != nil {
			return nil, err
		}
		path, err := regexp.Compile(`(^|[^\pL\pN._/\\~-])` + regexp.QuoteMeta(string(quoted[1:len(quoted)-1])) + `($|[^\pL\pN._-])`)
		if err != nil {
			return nil, err
		}
		before := short
		short = func(text []byte) []byte {
			text = before(text)
			for range 2 { // what ends one path may begin the next
				text = path.ReplaceAll(text, []byte("${1}~${2}"))
			}
			return text
		}
	}
	return short, nil
}

// indented is v as JSON for people to read.
func indented(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return out.Bytes(), err
}
