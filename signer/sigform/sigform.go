package sigform

import (
	"bytes"
	_ "embed" // forms.json
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// Value is the kind of value in /Contents.
type Value string

// The kinds of values.
const (
	// CMS is SignedData of RFC 5652, and when read that of GB/T 35275, too.
	CMS Value = "cms"
	// GMCMS is SignedData with the identifiers of GB/T 35275 (GM/T 0010); when
	// read, those of RFC 5652 will do.
	GMCMS Value = "gm-cms"
	// PKCS1 is a bare RSA signature, whose certificates stand in the signature
	// dictionary (ISO 32000-1, 12.8.3.2). It is read and not made.
	PKCS1 Value = "pkcs1"
	// Seal is a SES_Signature of GB/T 38540 or GM/T 0031.
	Seal Value = "seal"
)

// Form is one form of signatures.
type Form struct {
	Name      string `json:"name"` // ours, for choosing
	Filter    string `json:"filter"`
	SubFilter string `json:"subFilter"`
	Value     Value  `json:"value"`
	// NamesCertificate: the signed attributes must name the signer's certificate,
	// as ETSI EN 319 142-1, 6.3 has it.
	NamesCertificate bool `json:"namesCertificate,omitempty"`
	// DigestInside: the value may hold the digest of the signed bytes as its
	// content, signed without attributes, instead of being detached. Such a
	// form is read and not made.
	DigestInside bool `json:"digestInside,omitempty"`
	// SHA1Inside: DigestInside where the digest inside is a SHA-1 (ISO 32000-1, 12.8.3.3.1).
	SHA1Inside bool `json:"sha1Inside,omitempty"`
}

// Table is a list of forms; where several would do, the first counts.
type Table []Form

//go:embed forms.json
var forms []byte

// Default returns the forms that are known to be in use.
var Default = sync.OnceValue(func() Table {
	t, err := Read(bytes.NewReader(forms))
	if err != nil {
		panic(err) // forms.json is part of the program
	}
	return t
})

// Bounds of a profile.
const (
	maxBytes = 64 << 10
	maxForms = 64
	maxName  = 127 // bytes of a name in a PDF (ISO 32000-1, table C.1)
)

// Read reads forms as a JSON array; a platform's profile is one.
//
// Errors are of type *Error (Malformed), or the reader's.
func Read(r io.Reader) (Table, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxBytes {
		return nil, malformed("more than %d bytes", maxBytes)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var t Table
	if err := d.Decode(&t); err != nil {
		return nil, malformed("%v", err)
	}
	if err := d.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return nil, malformed("something follows the array")
	}
	if len(t) == 0 || len(t) > maxForms {
		return nil, malformed("%d forms", len(t))
	}
	for i, f := range t {
		if err := f.check(); err != nil {
			return nil, err
		}
		if t[:i].has(f) {
			return nil, malformed("form %q or its subFilter is there twice", f.Name)
		}
	}
	return t, nil
}

// ReadOnly says whether the form is judged where it is met, and not made.
func (f Form) ReadOnly() bool { return f.DigestInside || f.SHA1Inside || f.Value == PKCS1 }

func (f Form) check() error {
	for _, s := range []string{f.Name, f.Filter, f.SubFilter} {
		if s == "" || len(s) > maxName || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return malformed("%q is no name", s)
		}
	}
	switch f.Value {
	case CMS, GMCMS:
		return nil
	case Seal, PKCS1:
		if !f.NamesCertificate && !f.DigestInside && !f.SHA1Inside {
			return nil
		}
	}
	return malformed("form %q cannot have the value %q with its other entries", f.Name, f.Value)
}

func (t Table) has(f Form) bool {
	return slices.ContainsFunc(t, func(g Form) bool { return g.Name == f.Name || g.SubFilter == f.SubFilter })
}

// With returns a table in which a profile's forms come first, and replace those
// of the same name or SubFilter.
func (t Table) With(profile Table) Table {
	out := slices.Clone(profile)
	for _, f := range t {
		if !profile.has(f) {
			out = append(out, f)
		}
	}
	return out
}

// For returns the first form with a value of a kind that can be made.
//
// Errors are of type *Error (Unknown).
func (t Table) For(v Value) (Form, error) {
	return t.find(string(v), func(f Form) bool { return f.Value == v && !f.ReadOnly() })
}

// Named returns the form of this name.
//
// Errors are of type *Error (Unknown).
func (t Table) Named(name string) (Form, error) {
	return t.find(name, func(f Form) bool { return f.Name == name })
}

func (t Table) find(what string, is func(Form) bool) (Form, error) {
	if i := slices.IndexFunc(t, is); i >= 0 {
		return t[i], nil
	}
	return Form{}, &Error{Kind: Unknown, Form: what, Detail: fmt.Sprintf("no form %q is known", what)}
}

// BySubFilter returns the form that a signature dictionary names.
func (t Table) BySubFilter(name string) (Form, bool) {
	i := slices.IndexFunc(t, func(f Form) bool { return f.SubFilter == name })
	if i < 0 {
		return Form{}, false
	}
	return t[i], true
}
