package verify

import (
	"bytes"
	"encoding/hex"
	"slices"

	"sealdesk/signer/cms"
	"sealdesk/signer/pdf"
)

// Kinds of signature values that are judged.
const (
	subFilterCAdES = "ETSI.CAdES.detached"
	subFilterPKCS7 = "adbe.pkcs7.detached"
)

// read takes a signature apart: what it covers, its value, who made it. The
// answer is what must be hashed.
func (s *judged) read(doc *document) (*hashing, error) {
	v := doc.view(doc.last())
	name, _ := s.dict["SubFilter"].(pdf.Name)
	s.SubFilter = nameOf(string(name))
	s.Reason, s.Location = v.text(s.dict["Reason"]), v.text(s.dict["Location"])
	text, _ := s.dict["M"].(pdf.String)
	m, hasTime := pdf.ParseDate(text)
	if hasTime {
		s.SignedAt = &m
	}
	if err := s.coverage(doc); err != nil {
		return nil, err
	}
	raw, err := doc.contents(s.ByteRange)
	if err != nil {
		return nil, err
	}
	if len(bytes.Trim(raw, "\x00")) == 0 {
		return nil, &broken{find("no_contents")}
	}
	if s.SubFilter != subFilterCAdES && s.SubFilter != subFilterPKCS7 {
		return nil, &broken{find("sub_filter_unsupported", "subfilter", s.SubFilter)}
	}
	der, n, err := cms.ToDER(raw)
	if err != nil {
		return nil, &broken{cmsFinding(err)}
	}
	if len(bytes.Trim(raw[n:], "\x00")) != 0 {
		return nil, &broken{find("bad_contents", "detail", "something other than zeros follows the value")}
	}
	if s.sd, err = cms.Parse(der); err != nil {
		return nil, &broken{cmsFinding(err)}
	}
	s.Certificate = s.sd.SignerCertificate()
	s.Signer = signerName(s.Certificate.Subject.CommonName, s.Certificate.Subject.Organization, s.Certificate.Subject.String())
	s.Algorithm = s.sd.Algorithm()
	if t, ok := s.sd.SigningTime(); ok && !hasTime {
		s.SignedAt = &t
	}
	isDER := bytes.Equal(der, raw[:n])
	if !isDER {
		s.add(find("encoding_not_der"))
	}
	if s.SubFilter == subFilterCAdES && !s.sd.HasSigningCertificate() {
		s.add(find("no_signing_cert"))
	}
	if len(s.sd.UnsignedAttributes()) > 0 {
		s.add(find("attr_not_checked"))
	}
	s.Level = "B"
	if fault := s.notBaseline(isDER, hasTime); fault != "" {
		s.Level = "none"
		s.add(find("profile_not_pades", "detail", fault))
	}
	h, err := s.sd.DigestHash()
	if err != nil {
		return nil, &broken{cmsFinding(err)}
	}
	b := s.ByteRange
	return &hashing{h: h, spans: [2][2]int64{{b[0], b[0] + b[1]}, {b[2], b[2] + b[3]}}}, nil
}

// notBaseline names the first requirement of PAdES baseline B (EN 319 142-1,
// 6.3) that the signature does not meet.
func (s *judged) notBaseline(isDER, hasTime bool) string {
	_, signingTime := s.sd.SigningTime()
	switch {
	case s.SubFilter != subFilterCAdES:
		return "its SubFilter is " + s.SubFilter
	case !isDER:
		return "its value is not DER"
	case !s.sd.HasSigningCertificate():
		return "it does not name its certificate"
	case signingTime:
		return "signing-time is among the signed attributes"
	case !hasTime:
		return "the dictionary has no time M"
	case s.dict["Cert"] != nil:
		return "the dictionary has a certificate"
	}
	return ""
}

func signerName(common string, organisation []string, whole string) string {
	for _, s := range append([]string{common}, append(slices.Clone(organisation), whole)...) {
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
		return &broken{find("no_byte_range")}
	}
	wrong := func(detail string) error { return &broken{find("bad_byte_range", "detail", detail)} }
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
		return &broken{find("no_contents")}
	}
	if s.ref.Num == 0 {
		return wrong("the signature is not an object of its own")
	}
	if _, _, err := doc.ValueSpan(s.ref, "ByteRange"); err != nil {
		return wrong(err.Error())
	}
	start, stop, err := doc.ValueSpan(s.ref, "Contents")
	if err != nil {
		return &broken{find("bad_contents", "detail", err.Error())}
	}
	if start != b[1] || stop != b[2] {
		return wrong("what it leaves out is not the value of its own Contents")
	}
	rev, err := doc.endingAt(end)
	if err != nil {
		return err
	}
	if rev < 0 {
		return &broken{find("not_whole_revision")}
	}
	if _, brought, _ := doc.Lookup(s.ref.Num); brought != rev {
		return wrong("it covers a revision other than the one that brought the signature")
	}
	s.Revision, s.RevisionEnd, s.CoversWholeFile = rev, end, end == doc.size
	return nil
}

// contents decodes what a byte range leaves out: a string of hexadecimal digits
// and nothing else, in brackets.
func (d *document) contents(b [4]int64) ([]byte, error) {
	wrong := func(detail string) error { return &broken{find("bad_contents", "detail", detail)} }
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
		return nil, &broken{find("no_contents")}
	}
	return raw, nil
}
