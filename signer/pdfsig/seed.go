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

// An Ask is one thing that a field asks of a signature.
type Ask struct {
	Entry  string // in one word
	Wanted string // what would do; "" where the entry says it

	held func(*Request) (bool, error)
}

// Asks are those that bind.
func (s *Seed) Asks() []Ask {
	if s == nil {
		return nil
	}
	var out []Ask
	ask := func(on bool, entry string, held func(*Request) (bool, error), wanted ...string) {
		if on {
			out = append(out, Ask{entry, strings.Join(wanted, ", "), held})
		}
	}
	binds := func(bit int64) bool { return s.binds&bit != 0 }
	never := func(*Request) (bool, error) { return false, nil }
	ask(s.binds&^bindKnown != 0 || binds(bindV) && s.version > seedVersion, "unknown", never)
	ask(binds(bindFilter), "filter", func(r *Request) (bool, error) {
		as, err := r.Frame.Form()
		return as.Filter == s.Filter, err
	}, s.Filter)
	ask(binds(bindSubFilter), "subfilter", func(r *Request) (bool, error) {
		as, err := r.Frame.Form()
		return slices.Contains(s.SubFilters, as.SubFilter), err
	}, s.SubFilters...)
	ask(binds(bindDigest), "digest", func(r *Request) (bool, error) {
		h, err := r.Frame.Hash()
		return err == nil && slices.Contains(s.Digests, digestName(h)), err
	}, s.Digests...)
	none := len(s.Reasons) == 0 || len(s.Reasons) == 1 && s.Reasons[0] == "."
	ask(binds(bindReasons) && none, "no_reason", func(r *Request) (bool, error) { return r.Reason == "", nil })
	ask(binds(bindReasons) && !none, "reason", func(r *Request) (bool, error) { return slices.Contains(s.Reasons, r.Reason), nil }, s.Reasons...)
	ask(s.Certify >= 0, certifyEntry(s.Certify), func(r *Request) (bool, error) { return int64(r.Certify) == s.Certify, nil })
	ask(s.Stamp, "stamp", func(r *Request) (bool, error) { return r.Frame.Stamped(), nil })
	ask(binds(bindRevocation), "revocation", never)
	ask(binds(bindLegal), "legal", func(r *Request) (bool, error) { return r.Certify == 0, nil })
	ask(binds(bindLockDocument) && s.lockDocument == "true", "lock", never)
	ask(binds(bindAppearance), "appearance", never)
	// A URL only tells where to get a certificate.
	ask(s.cert != nil && s.cert.binds&^bindURL != 0, "certificate", func(r *Request) (bool, error) { return s.cert.holds(r.Frame.Certificates()), nil })
	return out
}

// check says what a field asks for that the signature does not hold: an *Error of
// kind SeedValue, the Frame's, or nil.
func (s *Seed) check(field string, req *Request) error {
	for _, a := range s.Asks() {
		held, err := a.held(req)
		if err != nil {
			return err
		}
		if !held {
			return &Error{Kind: SeedValue, Field: field, Entry: a.Entry, Wanted: a.Wanted,
				Detail: "the field's seed value " + a.Entry + " is not held"}
		}
	}
	return nil
}

// certifyEntry names what is asked about certification.
func certifyEntry(p int64) string {
	if p >= 1 && p <= 3 {
		return "certify" + string(rune('0'+p))
	}
	return "approve"
}

// holds compares a chain with what is asked of it. Unknown flags cannot be held.
func (c *certSeed) holds(chain []*smx509.Certificate) bool {
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
