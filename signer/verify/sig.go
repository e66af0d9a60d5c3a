package verify

import (
	"bytes"
	"encoding/hex"
	"hash"
	"slices"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/dss"
	"sealdesk/signer/pdf"
	"sealdesk/signer/sigform"
)

// read takes a signature apart: what it covers, its value, who made it. The
// answer is what must be hashed.
func (s *judged) read(doc *document, forms sigform.Table) (*hashing, error) {
	v := doc.view(doc.last())
	name, _ := s.dict["SubFilter"].(pdf.Name)
	s.SubFilter = nameOf(string(name))
	s.Reason, s.Location = v.text(s.dict["Reason"]), v.text(s.dict["Location"])
	text, _ := s.dict["M"].(pdf.String)
	if m, ok := pdf.ParseDate(text); ok {
		s.SignedAt, s.dated = &m, true
	}
	if err := s.coverage(doc); err != nil {
		return nil, err
	}
	raw, err := doc.contents(s.ByteRange)
	if err != nil {
		return nil, err
	}
	s.StoreName = string(dss.NameOf(raw))
	if len(bytes.Trim(raw, "\x00")) == 0 {
		return nil, &broken{find("no_contents"), attackForgery}
	}
	s.bare = !slices.ContainsFunc(doc.Defects(), func(d pdf.Defect) bool { return d.Name == pdf.JunkBeforeHeader })
	form, ok := forms.BySubFilter(string(name))
	if !ok {
		return nil, &broken{Finding: find("sub_filter_unsupported", "subfilter", s.SubFilter)}
	}
	if s.value, err = s.readValue(v, form, raw); err != nil {
		return nil, err
	}
	h, err := s.value.hash()
	if err != nil {
		return nil, err
	}
	return s.hashing(h), nil
}

// hashing is the digest of the bytes that are covered, in the making.
func (s *judged) hashing(h hash.Hash) *hashing {
	b := s.ByteRange
	return &hashing{h: h, spans: [2][2]int64{{b[0], b[0] + b[1]}, {b[2], b[2] + b[3]}}}
}

// signerName is the common name of a certificate, or what names its holder else.
func signerName(c *smx509.Certificate) string {
	for _, s := range append([]string{c.Subject.CommonName}, append(slices.Clone(c.Subject.Organization), c.Subject.String())...) {
		if s != "" {
			return nameOf(s)
		}
	}
	return ""
}

// coverage checks the byte range: it starts at the file's first byte, ends
// where a revision ends, and leaves out exactly the value of Contents of this
// very dictionary, which the revision brought.
func (s *judged) coverage(doc *document) error {
	value := s.dict["ByteRange"]
	if isNull(value) {
		return &broken{find("no_byte_range"), attackForgery}
	}
	wrong := func(detail string) error { return &broken{find("bad_byte_range", "detail", detail), attackForgery} }
	elsewhere := func(detail string) error { return &broken{find("bad_byte_range", "detail", detail), attackWrapping} }
	array, ok := value.(pdf.Array)
	if !ok || len(array) != 4 {
		return wrong("it is not an array of four numbers")
	}
	var b [4]int64
	for i, o := range array {
		n, ok := o.(pdf.Integer)
		if !ok || n < 0 || int64(n) > doc.size {
			return wrong("a number is outside the file")
		}
		b[i] = int64(n)
	}
	end := b[2] + b[3]
	switch {
	case b[0] != 0:
		return wrong("it does not start at the file's first byte")
	case b[1] == 0 || b[1] >= b[2] || b[3] == 0:
		return wrong("its parts are empty or overlap")
	case end > doc.size:
		return wrong("it ends behind the file's end")
	}
	s.ByteRange = b
	if isNull(s.dict["Contents"]) {
		return &broken{find("no_contents"), attackForgery}
	}
	if s.ref.Num == 0 {
		return wrong("the signature is not an object of its own")
	}
	if _, _, err := doc.ValueSpan(s.ref, "ByteRange"); err != nil {
		return wrong(err.Error())
	}
	start, stop, err := doc.ValueSpan(s.ref, "Contents")
	if err != nil {
		return &broken{find("bad_contents", "detail", err.Error()), attackForgery}
	}
	if start != b[1] || stop != b[2] {
		return elsewhere("what it leaves out is not the value of its own Contents")
	}
	rev, err := doc.endingAt(end)
	if err != nil {
		return err
	}
	if rev < 0 {
		return &broken{find("not_whole_revision"), attackWrapping}
	}
	if _, brought, _ := doc.Lookup(s.ref.Num); brought != rev {
		return elsewhere("it covers a revision other than the one that brought the signature")
	}
	s.Revision, s.RevisionEnd, s.CoversWholeFile = rev, end, end == doc.size
	return nil
}

// contents decodes what a byte range leaves out: a string of hexadecimal digits
// and nothing else, in brackets.
func (d *document) contents(b [4]int64) ([]byte, error) {
	wrong := func(detail string) error { return &broken{find("bad_contents", "detail", detail), attackForgery} }
	n := b[2] - b[1]
	if n > 2*cms.MaxSize+2 {
		return nil, wrong("it is too long")
	}
	text := make([]byte, n)
	if m, err := d.r.ReadAt(text, b[1]); int64(m) < n {
		return nil, err
	}
	if n < 2 || text[0] != '<' || text[n-1] != '>' {
		return nil, wrong("it is not a hexadecimal string")
	}
	raw := make([]byte, (n-2)/2)
	if _, err := hex.Decode(raw, text[1:n-1]); err != nil {
		return nil, wrong("it is not purely hexadecimal")
	}
	if len(raw) == 0 {
		return nil, &broken{find("no_contents"), attackForgery}
	}
	return raw, nil
}
