package bid

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/emmansun/gmsm/smx509"
)

// Version is the version of the format that this package writes and reads.
const Version = 1

// Bounds on what a manifest holds.
const (
	MaxParts     = 1000
	MaxEnvelopes = 16
	// MaxPart is the largest part, in bytes.
	MaxPart = 1 << 40
	// MaxChunks is how many chunks a part has at most.
	MaxChunks = 1 << 20

	maxManifest   = 1 << 20
	maxRecipients = 8
	maxText       = 500 // bytes
	minChunk      = 16
	maxChunk      = 16 << 20
)

// Manifest is what the bidder signs: what the offer is, by whom, and the digests of all there is. It is public from the
// moment the bid is handed in, and says nothing of what is in sealed parts but their names and sizes.
//
// Its JSON form is canonical (RFC 8785): members in the order of their names, no white space. A member that is not here makes a
// manifest malformed.
type Manifest struct {
	Bidder      Bidder       `json:"bidder"`
	Built       string       `json:"built"`     // RFC 3339 in UTC, whole seconds: the bidder's claim
	ChunkSize   int64        `json:"chunkSize"` // of all parts, in bytes
	Cipher      Cipher       `json:"cipher"`
	Commitments []Commitment `json:"commitments"`
	Envelopes   []Envelope   `json:"envelopes"`
	Format      int          `json:"format"`  // Version
	ID          string       `json:"id"`      // 128 random bits, hexadecimal; another one for each time a bid is built
	Lot         string       `json:"lot"`     // 标段编号
	Outline     string       `json:"outline"` // digest of the tender's outline, "" if there was none
	Parts       []Part       `json:"parts"`
	// Platform is whose key takes the outer layer off; its fields are empty for a bid that shall have none.
	Platform   Certificate   `json:"platform"`
	Program    string        `json:"program"`    // and version that built it, for finding faults
	Recipients []Certificate `json:"recipients"` // whose keys open the inner layer
	Signer     Certificate   `json:"signer"`
	Tender     string        `json:"tender"` // 项目编号
}

// Bidder is who offers.
type Bidder struct {
	Code string `json:"code"` // 统一社会信用代码
	Name string `json:"name"`
}

// Certificate names a certificate.
type Certificate struct {
	Digest string `json:"digest"` // of its DER, by the bid's hash
	Issuer string `json:"issuer"` // for people
	Serial string `json:"serial"` // hexadecimal, as Serial gives it
}

// Part is one part of the offer.
type Part struct {
	Code     string `json:"code"`     // as the outline has it
	Digest   string `json:"digest"`   // of what is stored: of the ciphertext, for a sealed part; see FORMAT.md, 6
	Envelope string `json:"envelope"` // that its key is in; "" for a part that is not sealed
	Kind     string `json:"kind"`     // such as "technical" or "price"; KindOpening is this package's
	Name     string `json:"name"`     // of the file
	Size     int64  `json:"size"`     // of the content in bytes, before sealing
}

// Sealed says whether the part is encrypted.
func (p Part) Sealed() bool { return p.Envelope != "" }

// KindOpening is the kind of the part that opens a commitment.
const KindOpening = "opening"

// Envelope holds the key of some parts.
type Envelope struct {
	Digest string `json:"digest"` // of the inner envelope's DER
	Key    string `json:"key"`    // by which a wrong key is known; see FORMAT.md, 5
	Name   string `json:"name"`
}

// Commitment binds the bidder to fields that only the part named reveals.
type Commitment struct {
	Digest string `json:"digest"`
	Name   string `json:"name"` // "price"
	Part   string `json:"part"`
}

// Serial writes a certificate's serial number: lower-case hexadecimal in whole bytes.
func Serial(c *smx509.Certificate) string {
	b := c.SerialNumber.Bytes()
	if len(b) == 0 {
		b = []byte{0}
	}
	return hex.EncodeToString(b)
}

// Part finds a part by its code.
func (m *Manifest) Part(code string) (Part, bool) {
	i := slices.IndexFunc(m.Parts, func(p Part) bool { return p.Code == code })
	if i < 0 {
		return Part{}, false
	}
	return m.Parts[i], true
}

// SameOffer is nil where other is the same offer of the same bidder for the same lot: the same contents of parts that are
// not sealed, the same sealed parts and the same commitments, as for a copy that is handed in again after the deadline. It is
// an *Error of Kind OtherOffer whose Detail names the first difference.
func (m *Manifest) SameOffer(other *Manifest) error {
	for _, same := range []struct {
		what string
		is   bool
	}{
		{"tender", m.Tender == other.Tender}, {"lot", m.Lot == other.Lot}, {"bidder", m.Bidder == other.Bidder},
		{"commitments", slices.Equal(m.Commitments, other.Commitments)},
		{"parts", slices.Equal(m.Parts, other.Parts)}, {"envelopes", slices.Equal(m.Envelopes, other.Envelopes)},
	} {
		if !same.is {
			return fail(OtherOffer, "another %s", same.what)
		}
	}
	return nil
}

// name writes how a manifest names a certificate.
func (s suite) name(c *smx509.Certificate) Certificate {
	if c == nil {
		return Certificate{}
	}
	issuer := strings.Map(func(r rune) rune {
		if !shown(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(c.Issuer.String(), "\uFFFD"))
	for len(issuer) > maxText {
		_, n := utf8.DecodeLastRuneInString(issuer)
		issuer = issuer[:len(issuer)-n]
	}
	return Certificate{Digest: hex.EncodeToString(s.sum(c.Raw)), Issuer: issuer, Serial: Serial(c)}
}

// canonical writes the one JSON form of a value whose strings hold no control characters.
func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("bid: encode: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// readCanonical reads what canonical wrote, and nothing else: a member too many, twice or in another case, and any other
// way of writing the same, would come out differently.
func readCanonical(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return fail(Malformed, "no JSON of its form: %v", err)
	}
	again, err := canonical(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, data) {
		return fail(Malformed, "JSON that is not canonical, or with members that version %d does not know", Version)
	}
	return nil
}

// parseManifest reads and checks a manifest.
func parseManifest(data []byte) (*Manifest, error) {
	if len(data) > maxManifest {
		return nil, fail(Malformed, "a manifest of %d bytes", len(data))
	}
	// A later version may have members that this one does not know; that it is later is what must be said.
	var later struct {
		Format int `json:"format"`
	}
	if json.Unmarshal(data, &later) == nil && later.Format > Version {
		return nil, &Error{Kind: FutureVersion, Version: later.Format}
	}
	m := &Manifest{}
	if err := readCanonical(data, m); err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}

// shown says whether a character may stand in a name.
func shown(r rune) bool {
	return r != utf8.RuneError && !unicode.IsControl(r) && r != '\u2028' && r != '\u2029' && !unicode.Is(unicode.Bidi_Control, r)
}

// isText says whether s is one line of text of at most so many bytes.
func isText(s string, most int) bool {
	if s == "" || len(s) > most || strings.TrimSpace(s) != s || !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !shown(r) })
}

var (
	codeForm   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`) })
	digestForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{64}$`) })
	idForm     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{32}$`) })
	serialForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9a-f]{2}){1,64}$`) })
	// deviceName is what Windows takes for a device, with any extension.
	deviceName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`) })
)

// isFileName says whether a name can be a file's in a folder, on every system.
func isFileName(s string) bool {
	return isText(s, 200) && !strings.ContainsAny(s, `/\:*?"<>|`) && !strings.HasPrefix(s, ".") && !strings.HasSuffix(s, ".") && !deviceName().MatchString(s)
}

func (c Certificate) fits() bool {
	return digestForm().MatchString(c.Digest) && isText(c.Issuer, maxText) && serialForm().MatchString(c.Serial)
}

// check holds a manifest to FORMAT.md, 4.
func (m *Manifest) check() error {
	bad := func(format string, args ...any) error { return fail(Malformed, "manifest: "+format, args...) }
	built, err := time.Parse(time.RFC3339, m.Built)
	_, cipherErr := suiteOf(m.Cipher)
	switch {
	case m.Format != Version:
		return bad("format %d", m.Format)
	case err != nil || built.UTC().Format("2006-01-02T15:04:05Z") != m.Built:
		return bad("built %q", m.Built)
	case cipherErr != nil:
		return cipherErr
	case m.ChunkSize < minChunk || m.ChunkSize > maxChunk:
		return bad("chunks of %d bytes", m.ChunkSize)
	case !idForm().MatchString(m.ID):
		return bad("id %q", m.ID)
	case !isText(m.Tender, maxText), !isText(m.Lot, maxText), !isText(m.Bidder.Name, maxText),
		!isText(m.Bidder.Code, 64), !isText(m.Program, maxText):
		return bad("tender, lot, bidder or program is missing, too long or has odd characters")
	case m.Outline != "" && !digestForm().MatchString(m.Outline):
		return bad("outline %q", m.Outline)
	case !m.Signer.fits():
		return bad("signer")
	case m.Platform != (Certificate{}) && !m.Platform.fits():
		return bad("platform")
	case m.Commitments == nil || m.Envelopes == nil || m.Parts == nil || m.Recipients == nil:
		return bad("a list is null")
	case len(m.Parts) == 0 || len(m.Parts) > MaxParts || len(m.Envelopes) > MaxEnvelopes || len(m.Recipients) > maxRecipients ||
		len(m.Commitments) > MaxEnvelopes:
		return bad("%d parts, %d envelopes, %d recipients, %d commitments", len(m.Parts), len(m.Envelopes), len(m.Recipients), len(m.Commitments))
	case len(m.Envelopes) > 0 && len(m.Recipients) == 0:
		return bad("envelopes for nobody")
	}
	for _, r := range m.Recipients {
		if !r.fits() {
			return bad("recipient")
		}
	}
	return m.checkParts(bad)
}

func (m *Manifest) checkParts(bad func(string, ...any) error) error {
	seen := map[string]bool{}
	first := func(kind, name string) bool {
		key := kind + "\x00" + strings.ToLower(name)
		was := seen[key]
		seen[key] = true
		return !was
	}
	used := map[string]bool{}
	for _, e := range m.Envelopes {
		if !isText(e.Name, 64) || !digestForm().MatchString(e.Digest) || !digestForm().MatchString(e.Key) || !first("envelope", e.Name) {
			return bad("envelope %q", e.Name)
		}
		used[e.Name] = false
	}
	for _, p := range m.Parts {
		_, known := used[p.Envelope]
		switch {
		case !codeForm().MatchString(p.Code) || !first("code", p.Code) || !isFileName(p.Name) || !first("name", p.Name) || !codeForm().MatchString(p.Kind):
			return bad("part %q of kind %q with the name %q", p.Code, p.Kind, p.Name)
		case !digestForm().MatchString(p.Digest):
			return bad("the digest of part %s", p.Code)
		case p.Sealed() && !known:
			return bad("part %s is in the envelope %q, which is not there", p.Code, p.Envelope)
		case p.Size < 0 || p.Size > MaxPart || chunksOf(p.Size, m.ChunkSize) > MaxChunks:
			return bad("part %s has %d bytes in chunks of %d", p.Code, p.Size, m.ChunkSize)
		}
		used[p.Envelope] = true
	}
	for name, is := range used {
		if !is {
			return bad("the envelope %q is of no use", name)
		}
	}
	for _, c := range m.Commitments {
		p, ok := m.Part(c.Part)
		if !codeForm().MatchString(c.Name) || !first("commitment", c.Name) || !digestForm().MatchString(c.Digest) ||
			!ok || !p.Sealed() || p.Kind != KindOpening || p.Size > maxOpening {
			return bad("commitment %q", c.Name)
		}
	}
	return nil
}

// chunksOf is how many chunks hold so many bytes: one at least.
func chunksOf(size, chunk int64) int64 { return max(1, (size+chunk-1)/chunk) }
