package office

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"time"
	"unicode"
)

// Replacement is a font that is not installed, and the one that stands in for it.
type Replacement struct{ Name, By string }

const (
	maxAsked    = 40 // fonts looked up one by one
	fontTimeout = 10 * time.Second
)

// Chinese tells whether a font with Chinese characters is installed; known is false where fontconfig is not used (Windows,
// macOS, which bring such fonts).
func Chinese(ctx context.Context) (installed, known bool) {
	list, err := exec.LookPath("fc-list")
	if err != nil {
		return false, false
	}
	ctx, cancel := context.WithTimeout(ctx, fontTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, list, ":lang=zh-cn", "family").Output()
	return len(bytes.TrimSpace(out)) > 0, err == nil
}

// Missing tells which fonts are not installed. Where fontconfig is not used (Windows, macOS) it knows of none.
func Missing(ctx context.Context, fonts []string) []Replacement {
	list, err := exec.LookPath("fc-list")
	if err != nil || len(fonts) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, fontTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, list, ":", "family").Output()
	if err != nil {
		return nil
	}
	installed := map[string]bool{}
	for _, name := range bytes.FieldsFunc(out, func(r rune) bool { return r == '\n' || r == ',' }) {
		installed[strings.ToLower(strings.TrimSpace(string(name)))] = true
	}
	var missing []Replacement
	for _, f := range fonts {
		name := strings.TrimPrefix(f, "@") // the upright form of a font for vertical text
		if !installed[strings.ToLower(name)] && len(missing) < maxAsked {
			missing = append(missing, Replacement{Name: name, By: standIn(ctx, name)})
		}
	}
	return missing
}

func standIn(ctx context.Context, name string) string {
	pattern := strings.NewReplacer(`\`, `\\`, ":", `\:`, "-", `\-`, ",", `\,`).Replace(name)
	if isChinese(name) {
		pattern += ":lang=zh-cn" // a stand-in without Chinese characters is none
	}
	out, err := exec.CommandContext(ctx, "fc-match", "-f", "%{family[0]}", "--", pattern).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// isChinese tells by its name whether a font is one for Chinese text.
func isChinese(name string) bool {
	if strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return true
	}
	name = strings.ToLower(name)
	for _, begin := range []string{"simsun", "nsimsun", "simhei", "fangsong", "kaiti", "dengxian", "microsoft yahei", "stsong", "stkaiti", "stfangsong", "stheiti", "stxihei", "stzhongsong", "fz"} {
		if strings.HasPrefix(name, begin) {
			return true
		}
	}
	return false
}
