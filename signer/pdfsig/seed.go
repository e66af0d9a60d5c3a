package pdfsig

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"hash"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/pdf"
)

// Which entries of a seed value dictionary bind (Ff, ISO 32000-2, table 237) …
const (
	bindFilter = 1 << iota
	bindSubFilter
	bindV
	bindReasons
	bindLegal
	bindRevocation
	bindDigest
	bindLockDocument
	bindAppearance
	bindKnown = 1<<iota - 1
)

// … and of one for the certificate (table 238).
const (
	bindSubject = 1 << iota
	bindIssuer
	bindPolicy
	bindSubjectDN
	_
	bindKeyUsage
	bindURL
	bindKnownCert = 1<<iota - 1
)

// seedVersion is the version of seed values that this package understands: that of PDF 2.0.
const seedVersion = 3

// Seed is what the maker of a field asks of the signature in it (ISO 32000-2,
// 12.7.5.5, table 237). An entry asks for nothing unless Binds says so, or it is Certify or Stamp.
type Seed struct {
	Filter     string
	SubFilters []string // the best first
	Digests    []string // SHA256 and the like
	Reasons    []string
	Certify    int64 // a certification with this permission; 0 an approval, -1 when nothing is said
	Stamp      bool  // a time stamp is required

	version, binds int64
	lockDocument   string
	cert           *certSeed
}

// certSeed is what is asked of the signer's certificate.
type certSeed struct {
	binds             int64
	subjects, issuers []string // DER
	policies          []string // dotted
	names             []pdf.Dict
	usages            []string
}

// seed reads a field's SV; nil without.
func (f *form) seed(o pdf.Object) (*Seed, error) {
	d, err := f.file.Dict(o)
	if err != nil || d == nil {
		return nil, err
	}
	s := &Seed{Certify: -1}
	r := seedReader{form: f}
	s.binds = r.int(d["Ff"])
	if n := r.object(d["V"]); n != (pdf.Null{}) {
		v := r.number(n)
		s.version = int64(v)
	}
	s.Filter = r.name(d["Filter"])
	s.SubFilters = r.names(d["SubFilter"])
	s.Digests = r.names(d["DigestMethod"])
	s.Reasons = r.texts(d["Reasons"])
	s.lockDocument = r.name(d["LockDocument"])
	if mdp := r.dict(d["MDP"]); mdp != nil {
		if _, said := mdp["P"]; said {
			s.Certify = r.int(mdp["P"])
		}
	}
	if stamp := r.dict(d["TimeStamp"]); stamp != nil {
		s.Stamp = r.int(stamp["Ff"])&1 != 0
	}
	if add, isBool := r.object(d["AddRevInfo"]).(pdf.Boolean); !isBool || !bool(add) {
		s.binds &^= bindRevocation // nothing to add is held by adding nothing
	}
	if d["LegalAttestation"] == nil {
		s.binds &^= bindLegal
	}
	if c := r.dict(d["Cert"]); c != nil {
		s.cert = &certSeed{binds: r.int(c["Ff"]), subjects: r.strings(c["Subject"]), issuers: r.strings(c["Issuer"]),
			policies: r.strings(c["OID"]), usages: r.strings(c["KeyUsage"])}
		for _, o := range r.array(c["SubjectDN"]) {
			s.cert.names = append(s.cert.names, r.dict(o))
		}
	}
	return s, r.err
}

// seedReader reads values and keeps the first error.
type seedReader struct {
	*form
	err error
}

func read[T any](r *seedReader, o pdf.Object, with func(pdf.Object) (T, error)) T {
	v, err := with(o)
	if r.err == nil {
		r.err = err
	}
	return v
}

func (r *seedReader) object(o pdf.Object) pdf.Object { return read(r, o, r.file.Resolve) }
func (r *seedReader) dict(o pdf.Object) pdf.Dict     { return read(r, o, r.file.Dict) }
func (r *seedReader) int(o pdf.Object) int64         { return read(r, o, r.file.Int) }
func (r *seedReader) number(o pdf.Object) float64    { return read(r, o, r.file.Number) }

func (r *seedReader) array(o pdf.Object) pdf.Array { return read(r, o, r.file.Array) }

func (r *seedReader) texts(o pdf.Object) []string { return read(r, o, r.form.texts) }

// name reads a name, or a string where writers put one.
func (r *seedReader) name(o pdf.Object) string {
	switch v := r.object(o).(type) {
	case pdf.Name:
		return string(v)
	case pdf.String:
		return string(v)
	case pdf.Boolean:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}

func (r *seedReader) names(o pdf.Object) []string {
	var out []string
	for _, e := range r.array(o) {
		out = append(out, r.name(e))
	}
	return out
}

// strings reads byte strings, in an array or one alone.
func (r *seedReader) strings(o pdf.Object) []string {
	if s, one := r.object(o).(pdf.String); one {
		return []string{string(s)}
	}
	var out []string
	for _, e := range r.array(o) {
		out = append(out, string(read(r, e, r.file.String)))
	}
	return out
}

// digests are the names that seed values have for hashes, by what these make of nothing.
var digests = map[string]func() hash.Hash{"SHA256": sha256.New, "SHA384": sha512.New384, "SHA512": sha512.New, "SM3": sm3.New}

func digestName(h hash.Hash) string {
	for name, other := range digests {
		if bytes.Equal(h.Sum(nil), other().Sum(nil)) {
			return name
		}
	}
	return ""
}

// check says what a binding entry asks for that the signature does not hold: an
// *Error of kind SeedValue, or the Frame's.
func (s *Seed) check(field string, req *Request) error {
	if s == nil {
		return nil
	}
	as, err := req.Frame.Form()
	if err != nil {
		return err
	}
	h, err := req.Frame.Hash()
	if err != nil {
		return err
	}
	refuse := func(entry string, wanted ...string) error {
		return &Error{Kind: SeedValue, Field: field, Entry: entry, Wanted: strings.Join(wanted, ", "),
			Detail: "the field's seed value " + entry + " is not held"}
	}
	binds := func(bit int64) bool { return s.binds&bit != 0 }
	switch {
	case s.binds&^bindKnown != 0 || binds(bindV) && s.version > seedVersion:
		return refuse("unknown")
	case binds(bindFilter) && s.Filter != as.Filter:
		return refuse("filter", s.Filter)
	case binds(bindSubFilter) && !slices.Contains(s.SubFilters, as.SubFilter):
		return refuse("subfilter", s.SubFilters...)
	case binds(bindDigest) && !slices.Contains(s.Digests, digestName(h)):
		return refuse("digest", s.Digests...)
	case binds(bindReasons) && !s.holdsReason(req.Reason):
		return refuse("reason", s.Reasons...)
	case s.Certify >= 0 && s.Certify != int64(req.Certify):
		return refuse(certifyEntry(s.Certify))
	case s.Stamp && !req.Frame.Stamped():
		return refuse("stamp")
	case binds(bindRevocation):
		return refuse("revocation")
	case binds(bindLegal) && req.Certify != 0:
		return refuse("unknown")
	case binds(bindLockDocument) && s.lockDocument == "true":
		return refuse("lock")
	case binds(bindAppearance):
		return refuse("appearance")
	case s.cert != nil && !s.cert.holds(req.Frame.Certificates()):
		return refuse("certificate")
	}
	return nil
}

func certifyEntry(p int64) string {
	if p >= 1 && p <= 3 {
		return "certify" + string(rune('0'+p))
	}
	return "approve"
}

// holdsReason compares the reason with those that may be given; none, or a full
// stop alone, means that none may.
func (s *Seed) holdsReason(reason string) bool {
	if len(s.Reasons) == 0 || len(s.Reasons) == 1 && s.Reasons[0] == "." {
		return reason == ""
	}
	return slices.Contains(s.Reasons, reason)
}

// holds compares a chain with what is asked of it. Unknown flags cannot be held.
func (c *certSeed) holds(chain []*smx509.Certificate) bool {
	if c.binds&^bindURL == 0 {
		return true // a URL tells where to get a certificate
	}
	if len(chain) == 0 || c.binds&^bindKnownCert != 0 {
		return false
	}
	leaf := chain[0]
	is := func(list []string, certs ...*smx509.Certificate) bool {
		return slices.ContainsFunc(certs, func(x *smx509.Certificate) bool { return slices.Contains(list, string(x.Raw)) })
	}
	switch {
	case c.binds&bindSubject != 0 && !is(c.subjects, leaf):
	case c.binds&bindIssuer != 0 && !is(c.issuers, chain[1:]...):
	case c.binds&bindPolicy != 0 && !slices.ContainsFunc(leaf.PolicyIdentifiers, func(id asn1.ObjectIdentifier) bool { return slices.Contains(c.policies, id.String()) }):
	case c.binds&bindSubjectDN != 0 && !slices.ContainsFunc(c.names, func(d pdf.Dict) bool { return hasNames(leaf, d) }):
	case c.binds&bindKeyUsage != 0 && !slices.ContainsFunc(c.usages, func(u string) bool { return hasUsage(leaf, u) }):
	default:
		return true
	}
	return false
}

// attributes are the names of a subject's attributes in seed values (RFC 4519 and the dotted form).
var attributes = map[string]string{"CN": "2.5.4.3", "SN": "2.5.4.4", "SERIALNUMBER": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8",
	"STREET": "2.5.4.9", "O": "2.5.4.10", "OU": "2.5.4.11", "TITLE": "2.5.4.12", "GIVENNAME": "2.5.4.42", "E": "1.2.840.113549.1.9.1", "EMAIL": "1.2.840.113549.1.9.1"}

func hasNames(cert *smx509.Certificate, want pdf.Dict) bool {
	for key, value := range want {
		text, isText := value.(pdf.String)
		id := string(key)
		if dotted, known := attributes[strings.ToUpper(id)]; known {
			id = dotted
		}
		if !isText || !slices.ContainsFunc(cert.Subject.Names, func(n pkix.AttributeTypeAndValue) bool {
			s, _ := n.Value.(string)
			return n.Type.String() == id && s == text.Text()
		}) {
			return false
		}
	}
	return true
}

// hasUsage compares the key usage with a string of 1 (set), 0 (not set) and X
// (either), in the order of the extension's bits (RFC 5280, 4.2.1.3).
func hasUsage(cert *smx509.Certificate, want string) bool {
	for i, c := range want {
		set := int(cert.KeyUsage)>>i&1 != 0
		if c == '1' && !set || c == '0' && set {
			return false
		}
	}
	return true
}
