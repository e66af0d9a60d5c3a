package choose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sealdesk/signer/disk"
)

// mostEntries bounds how much of a folder is read; who has more types the name.
const mostEntries = 5000

// An entry is a folder or a file that can be chosen.
type entry struct {
	name   string
	folder bool
	size   int64
	at     time.Time
}

// readFolder lists a folder: folders first, then files with one of the endings (all when there are none), without hidden
// ones. cut tells that there are more.
func readFolder(ctx context.Context, dir string, endings []string) (entries []entry, cut bool, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	for len(entries) <= mostEntries && ctx.Err() == nil {
		found, err := f.ReadDir(256)
		for _, d := range found {
			if e, ok := look(dir, d, endings); ok {
				entries = append(entries, e)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, false, err
		}
	}
	if cut = len(entries) > mostEntries; cut {
		entries = entries[:mostEntries]
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.folder != b.folder {
			if a.folder {
				return -1
			}
			return 1
		}
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return entries, cut, ctx.Err()
}

// look follows links, so that a link to a folder is one.
func look(dir string, d fs.DirEntry, endings []string) (entry, bool) {
	name := d.Name()
	if strings.HasPrefix(name, ".") {
		return entry{}, false
	}
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		return entry{}, false // it went away, or a link to nothing
	}
	e := entry{name: name, folder: info.IsDir(), size: info.Size(), at: info.ModTime()}
	return e, e.folder || info.Mode().IsRegular() && fits(name, endings)
}

// fits tells whether a file's name has one of the endings, given in small letters and without the dot.
func fits(name string, endings []string) bool {
	return len(endings) == 0 || slices.Contains(endings, strings.ToLower(strings.TrimPrefix(filepath.Ext(name), ".")))
}

// resolve makes an absolute path of what was typed: quotes of a pasted path are dropped, ~ is the home folder, and an address of a file
// is its path.
func resolve(typed, folder, home string) string {
	s := strings.Trim(strings.TrimSpace(typed), `"'`)
	if address, is := strings.CutPrefix(s, "file://"); is {
		s = address
		if plain, err := url.PathUnescape(address); err == nil {
			s = plain
		}
	}
	switch {
	case s == "":
		return folder
	case s == "~":
		s = home
	case strings.HasPrefix(s, "~/"):
		s = filepath.Join(home, s[2:])
	case !filepath.IsAbs(s):
		s = filepath.Join(folder, s)
	}
	return filepath.Clean(s)
}

// freeName proposes a name that no file in the folder has: 合同.pdf, 合同(1).pdf, 合同(2).pdf and so on.
func freeName(dir, name string) string {
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for n := 1; n < 1000; n++ {
		if _, err := os.Lstat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) {
			return name
		}
		name = fmt.Sprintf("%s(%d)%s", stem, n, ext)
	}
	return name
}

// A place is a folder that people keep files in.
type place struct{ key, path string }

// places are those of the person's own folders that exist, after the demo's, if there is one.
func places(samples string) []place {
	var out []place
	if samples != "" {
		out = append(out, place{"samples", samples})
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return out
	}
	out = append(out, place{"home", home})
	named := userDirs(home)
	for _, p := range []struct {
		key, xdg string
		names    []string
	}{
		{"desktop", "XDG_DESKTOP_DIR", []string{"Desktop", "桌面"}},
		{"documents", "XDG_DOCUMENTS_DIR", []string{"Documents", "文档"}},
		{"downloads", "XDG_DOWNLOAD_DIR", []string{"Downloads", "下载"}},
	} {
		candidates := []string{named[p.xdg]}
		for _, n := range p.names {
			candidates = append(candidates, filepath.Join(home, n))
		}
		for _, dir := range candidates {
			if info, err := os.Stat(dir); dir != "" && dir != home && err == nil && info.IsDir() {
				out = append(out, place{p.key, dir})
				break
			}
		}
	}
	return out
}

// userDirs reads where xdg-user-dirs put the person's folders, whose names are in the system's language.
func userDirs(home string) map[string]string {
	const most = 16 << 10
	out := map[string]string{}
	data, err := disk.Read(filepath.Join(home, ".config", "user-dirs.dirs"), most)
	if err != nil {
		return out
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && strings.HasPrefix(name, "XDG_") {
			out[name] = filepath.Clean(strings.Replace(strings.Trim(value, `"`), "$HOME", home, 1))
		}
	}
	return out
}
