package verify

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"sealdesk/signer/finding"
)

// The attacks of the literature, by the codes of the findings that name them.
// They are named beside the finding that decides, as what it looks like; whether
// somebody meant it is not known.
const (
	attackForgery    = "attack_forgery"        // universal signature forgery (USF)
	attackSaving     = "attack_saving"         // incremental saving (ISA)
	attackWrapping   = "attack_wrapping"       // signature wrapping (SWA)
	attackHide       = "attack_shadow_hide"    // shadow attack: what hid the content is taken away
	attackReplace    = "attack_shadow_replace" // shadow attack: fonts, values and appearances are replaced
	attackSwitch     = "attack_shadow_switch"  // shadow attack: hidden objects take the place of the shown
	attackAnnotation = "attack_annotation"     // evil annotation (EAA)
	attackField      = "attack_field"          // sneaky signature (SSA)
)

// attackOf names the attack that what stopped the judging looks like, if any.
func attackOf(err error) []finding.Finding {
	var m *modified
	var b *broken
	switch {
	case errors.As(err, &m):
		return []finding.Finding{find(m.attack)}
	case errors.As(err, &b) && b.attack != "":
		return []finding.Finding{find(b.attack)}
	}
	return nil
}

// maxRanges bounds the byte ranges that are looked at in a file that cannot be judged.
const maxRanges = 64

var rangeText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]`) })

// attacksOn looks at the bytes of a file that could not be judged, since its
// structure is broken, and names what was done to the signatures in it. It reads
// no structure and repairs nothing. What cannot be read, the reader notes.
func attacksOn(r *watched, size int64) []finding.Finding {
	var out finding.List
	ranges := 0
	_ = each(r, size, []byte("/ByteRange"), func(at int64) bool {
		if code := attackAt(r, size, at+int64(len("/ByteRange"))); code != "" {
			out.Add(find(code))
		}
		ranges++
		return ranges < maxRanges
	})
	return out
}

// attackAt judges the byte range that stands at an offset.
func attackAt(r *watched, size, at int64) string {
	text := make([]byte, min(256, size-at))
	_, _ = r.ReadAt(text, at)
	m := rangeText().FindSubmatch(text)
	if m == nil {
		return attackForgery
	}
	var b [4]int64
	for i := range b {
		n, err := strconv.ParseInt(string(m[i+1]), 10, 64)
		if err != nil || n > size {
			return attackForgery
		}
		b[i] = n
	}
	end := b[2] + b[3]
	if b[0] != 0 || b[1] >= b[2] || end > size {
		return attackForgery
	}
	gap := make([]byte, min(b[2]-b[1], 1<<20))
	_, _ = r.ReadAt(gap, b[1])
	closed := bytes.IndexByte(gap, '>')
	if closed < 0 && int64(len(gap)) < b[2]-b[1] {
		closed = len(gap) - 1
	}
	switch tail := io.NewSectionReader(r, end, size-end); {
	case gap[0] != '<' || closed != len(gap)-1:
		return attackWrapping
	case !hexadecimal(bytes.TrimSuffix(gap[1:], []byte(">"))):
		return attackForgery
	case !blankUntilEnd(tail):
		return attackSaving
	}
	return ""
}

func hexadecimal(text []byte) bool {
	return !bytes.ContainsFunc(text, func(c rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", c) })
}

// blankUntilEnd says whether nothing but white space is left.
func blankUntilEnd(r io.Reader) bool {
	const most = 1 << 10
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	return err == nil && len(text) <= most && len(bytes.Trim(text, "\x00\t\n\f\r ")) == 0
}
