package dss

import (
	"crypto/sha1" // names signatures in VRI (ISO 32000-2, table 262), proves nothing
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/signer/pdf"
)

// Bounds on a store.
const (
	MaxCertificate = 64 << 10 // bytes of one
	MaxOCSP        = 256 << 10
	MaxCRL         = 16 << 20
	// MaxItems bounds the certificates, the OCSP answers and the lists, each for itself.
	MaxItems = 1000
	// MaxBytes bounds what is read in all.
	MaxBytes = 64 << 20
)

// Item is a certificate, an OCSP answer or a revocation list, in DER.
type Item struct {
	DER []byte
	Ref pdf.Ref
	// Revision is the one that wrote it, from 0.
	Revision int
	// Issuer is the name of a revocation list's issuer, in DER; nil for the others.
	Issuer []byte
}

// Store is what a file's store holds.
type Store struct {
	Dict               pdf.Dict // as it stands; nil when the file has no store
	Certs, OCSPs, CRLs []Item
	// Excess says that there is more than was read.
	Excess bool
}

// Keys of a store, and of what it holds for one signature (ISO 32000-2, tables 261 and 262).
const (
	KeyCerts, KeyOCSPs, KeyCRLs = pdf.Name("Certs"), pdf.Name("OCSPs"), pdf.Name("CRLs")
	KeyVRI                      = pdf.Name("VRI")
	KeyCert, KeyOCSP, KeyCRL    = pdf.Name("Cert"), pdf.Name("OCSP"), pdf.Name("CRL")
)

// Read reads the store that a file has at the newest of its revisions. A file without one
// has an empty store. Only what stands as a stream of its own counts, each once; what
// cannot be decoded, or is too large, is left out.
//
// Errors are those of package pdf: the store is not built as one.
func Read(f *pdf.File) (*Store, error) {
	root, err := f.Catalog()
	if err != nil {
		return nil, err
	}
	s := &Store{}
	if s.Dict, err = f.Dict(root["DSS"]); err != nil || s.Dict == nil {
		return s, err
	}
	r := reader{f: f, store: s, seen: map[[sha256.Size]byte]bool{}}
	// Certificates are small, lists are not: in this order one list leaves room for the rest.
	for _, part := range []struct {
		key  pdf.Name
		into *[]Item
		max  int64
	}{{KeyCerts, &s.Certs, MaxCertificate}, {KeyOCSPs, &s.OCSPs, MaxOCSP}, {KeyCRLs, &s.CRLs, MaxCRL}} {
		if *part.into, err = r.list(s.Dict[part.key], part.max); err != nil {
			return s, err
		}
	}
	for i := range s.CRLs {
		s.CRLs[i].Issuer = issuerOf(s.CRLs[i].DER)
	}
	return s, nil
}

// issuerOf reads no further into a revocation list than to its issuer's name (RFC 5280,
// 5.1), so that a list of others need not be read. What is no list has the name "".
func issuerOf(der []byte) []byte {
	in := cryptobyte.String(der)
	var list, tbs, name cryptobyte.String
	if !in.ReadASN1(&list, cbasn1.SEQUENCE) || !list.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(cbasn1.INTEGER) || !tbs.SkipASN1(cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&name, cbasn1.SEQUENCE) {
		return []byte{}
	}
	return name
}

type reader struct {
	f     *pdf.File
	store *Store
	seen  map[[sha256.Size]byte]bool
	bytes int64
}

func (r *reader) list(o pdf.Object, limit int64) ([]Item, error) {
	array, err := r.f.Array(o)
	if err != nil {
		return nil, err
	}
	var out []Item
	for i, o := range array {
		if i == MaxItems || r.bytes >= MaxBytes {
			r.store.Excess = true
			break
		}
		ref, ok := o.(pdf.Ref)
		if !ok {
			continue
		}
		stream, err := r.f.Stream(ref)
		if err != nil {
			return nil, err
		}
		if stream == nil {
			continue
		}
		most := min(limit, MaxBytes-r.bytes)
		der, err := r.f.Decode(stream, most)
		r.bytes += int64(len(der))
		if err != nil {
			if !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
				continue // of no use, as a broken certificate is none
			}
			r.store.Excess = true
			r.bytes += most // the work was done
			continue
		}
		if sum := sha256.Sum256(der); !r.seen[sum] {
			r.seen[sum] = true
			_, revision, _ := r.f.Lookup(ref.Num)
			out = append(out, Item{DER: der, Ref: ref, Revision: revision})
		}
	}
	return out, nil
}

// NameOf is the key in VRI of the signature with these decoded Contents, their padding
// included: the upper-case hexadecimal digest of SHA-1.
func NameOf(contents []byte) pdf.Name {
	sum := sha1.Sum(contents)
	return pdf.Name(strings.ToUpper(hex.EncodeToString(sum[:])))
}
