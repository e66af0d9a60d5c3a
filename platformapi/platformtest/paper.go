package platformtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"sealdesk/platformapi/platform"
)

const mark = "\n%%PAPER-SEAL "

// PDF is a file that looks like a PDF to the platform, with this text in it.
func PDF(text string) []byte { return []byte("%PDF-1.7\n% " + text) }

// DOCX is a file that looks like a docx to the platform.
func DOCX(text string) []byte {
	name := "[Content_Types].xml"
	head := append([]byte("PK\x03\x04"), make([]byte, 26)...)
	head[26] = byte(len(name))
	return append(append(head, name...), text...)
}

// Seal appends a paper seal: a line that names an organisation and the digest of everything before it.
func Seal(file []byte, uscc string) []byte {
	sum := sha256.Sum256(file)
	return fmt.Appendf(bytes.Clone(file), "%s%s %s\n", mark, uscc, hex.EncodeToString(sum[:]))
}

// PaperJudge judges paper seals. One by "UNTRUSTED…" is intact and untrusted.
type PaperJudge struct{}

// Judge implements platform.Judge.
func (PaperJudge) Judge(_ context.Context, r io.ReaderAt, size int64) ([]platform.SignatureFact, error) {
	if size > 1<<22 {
		return nil, fmt.Errorf("paper: %d bytes are too many", size)
	}
	file, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	var facts []platform.SignatureFact
	for at := 0; ; {
		i := bytes.Index(file[at:], []byte(mark))
		if i < 0 {
			return facts, nil
		}
		start := at + i
		line, _, whole := bytes.Cut(file[start+len(mark):], []byte("\n"))
		at = start + len(mark) + len(line) + 1
		words := strings.Fields(string(line))
		if !whole || len(words) != 2 {
			return nil, fmt.Errorf("paper: malformed seal")
		}
		sum := sha256.Sum256(file[:start])
		cert := sha256.Sum256([]byte(words[0]))
		facts = append(facts, platform.SignatureFact{
			Field: fmt.Sprintf("Seal%d", len(facts)+1), Intact: words[1] == hex.EncodeToString(sum[:]), Trusted: !strings.HasPrefix(words[0], "UNTRUSTED"),
			CoversWholeFile: at == len(file), SignerUSCC: words[0], SignerName: words[0], CertSHA256: hex.EncodeToString(cert[:]), RangeEnd: int64(at),
		})
	}
}
