package pdfsig

import (
	"crypto/sha256"
	"io"
	"maps"
	"slices"

	"sealdesk/signer/dss"
	"sealdesk/signer/pdf"
)

// Evidence is what is put into a document's security store, all of it in DER.
type Evidence struct {
	Certs, OCSPs, CRLs [][]byte
	// Of says what of it belongs to one signature, which dss.NameOf names.
	Of map[pdf.Name]Evidence
}

// Strengthen plans the incremental update that adds evidence to the document security
// store of a document of the given size in bytes (ISO 32000-2, 12.8.4.3). The answer is
// what is to be appended; nil when the store has all of it. What the store has stays, and
// nothing is put in twice. The evidence is not judged. A document that is certified
// against any change may have it all the same (12.8.2.2).
//
// Errors: *Error, *pdf.Error or the source's.
func Strengthen(in io.ReaderAt, size int64, add Evidence) ([]byte, error) {
	file, err := pdf.Open(in, size)
	if err != nil {
		return nil, err
	}
	u := &update{file: file, req: &Request{}}
	if u.catalog, err = file.Catalog(); err != nil {
		return nil, err
	}
	was, err := dss.Read(file)
	if err != nil {
		return nil, err
	}
	if err := u.open(in, size); err != nil {
		return nil, err
	}
	s := storing{update: u, known: map[[sha256.Size]byte]pdf.Ref{}}
	for _, items := range [][]dss.Item{was.Certs, was.OCSPs, was.CRLs} {
		for _, item := range items {
			s.known[sha256.Sum256(item.DER)] = item.Ref
		}
	}
	store := maps.Clone(was.Dict)
	if store == nil {
		store = pdf.Dict{"Type": pdf.Name("DSS")}
	}
	for _, part := range []struct {
		key pdf.Name
		add [][]byte
	}{{dss.KeyCerts, add.Certs}, {dss.KeyOCSPs, add.OCSPs}, {dss.KeyCRLs, add.CRLs}} {
		if err := s.append(store, part.key, part.add); err != nil {
			return nil, err
		}
	}
	if err := s.name(store, add.Of); err != nil {
		return nil, err
	}
	if pdf.Equal(store, was.Dict) && was.Dict != nil || len(store) == 1 {
		return nil, nil
	}
	s.place(store)
	if err := u.refuseDefects(); err != nil {
		return nil, err
	}
	if err := u.close(); err != nil {
		return nil, err
	}
	return u.buf, nil
}

// storing is an update that writes a store.
type storing struct {
	*update
	known map[[sha256.Size]byte]pdf.Ref // by the digest of what the stream decodes to
}

// ref is the stream that holds DER, which is written where none does.
func (s storing) ref(der []byte) (pdf.Ref, error) {
	sum := sha256.Sum256(der)
	if ref, ok := s.known[sum]; ok {
		return ref, nil
	}
	data, err := deflate(der)
	if err != nil {
		return pdf.Ref{}, err
	}
	ref := s.reserve()
	s.stream(ref, pdf.Dict{"Filter": pdf.Name("FlateDecode")}, data)
	s.known[sum] = ref
	return ref, nil
}

// append puts the streams of DER behind an array of a dictionary, those that are not in it.
func (s storing) append(d pdf.Dict, key pdf.Name, ders [][]byte) error {
	array, err := s.file.Array(d[key])
	if err != nil {
		return err
	}
	in := map[pdf.Ref]bool{}
	for _, o := range array {
		if ref, ok := o.(pdf.Ref); ok {
			in[ref] = true
		}
	}
	var fresh []pdf.Ref
	for _, der := range ders {
		ref, err := s.ref(der)
		if err != nil {
			return err
		}
		if !in[ref] {
			in[ref] = true
			fresh = append(fresh, ref)
		}
	}
	if len(fresh) > 0 {
		d[key] = appendRefs(array, fresh)
	}
	return nil
}

// name says in VRI which signature what belongs to.
func (s storing) name(store pdf.Dict, of map[pdf.Name]Evidence) error {
	if len(of) == 0 {
		return nil
	}
	vri, err := s.file.Dict(store[dss.KeyVRI])
	if err != nil {
		return err
	}
	before := vri
	if vri = maps.Clone(vri); vri == nil {
		vri = pdf.Dict{}
	}
	for _, name := range slices.Sorted(maps.Keys(of)) {
		e := of[name]
		entry, err := s.file.Dict(vri[name])
		if err != nil {
			return err
		}
		was := entry
		if entry = maps.Clone(entry); entry == nil {
			entry = pdf.Dict{"Type": pdf.Name("VRI")}
		}
		for _, part := range []struct {
			key pdf.Name
			add [][]byte
		}{{dss.KeyCert, e.Certs}, {dss.KeyOCSP, e.OCSPs}, {dss.KeyCRL, e.CRLs}} {
			if err := s.append(entry, part.key, part.add); err != nil {
				return err
			}
		}
		if len(entry) > 1 && !pdf.Equal(entry, was) {
			vri[name] = entry
		}
	}
	if !pdf.Equal(vri, before) && len(vri) > 0 {
		store[dss.KeyVRI] = vri
	}
	return nil
}

// place puts the store where it stands already, or where the catalog finds it.
func (s storing) place(store pdf.Dict) {
	root, _ := s.file.Trailer()["Root"].(pdf.Ref)
	if ref, ok := s.catalog["DSS"].(pdf.Ref); ok {
		s.object(ref, store)
		return
	}
	catalog := maps.Clone(s.catalog)
	ref := s.reserve()
	s.object(ref, store)
	catalog["DSS"] = ref
	s.declare(catalog)
	s.object(root, catalog)
}

// declare names the extension that a store is to PDF 1.7 (EN 319 142-1, 5.6; ISO 32000-1,
// 7.12). To PDF 2.0 it is none.
func (s storing) declare(catalog pdf.Dict) {
	const esic = pdf.Name("ESIC")
	if s.file.Version() >= "2.0" || catalog["Version"] == pdf.Name("2.0") {
		return
	}
	extensions, err := s.file.Dict(catalog["Extensions"])
	if err != nil || extensions[esic] != nil {
		return
	}
	if _, indirect := catalog["Extensions"].(pdf.Ref); indirect {
		return // somebody else's object is left alone
	}
	if extensions = maps.Clone(extensions); extensions == nil {
		extensions = pdf.Dict{}
	}
	extensions[esic] = pdf.Dict{"BaseVersion": pdf.Name("1.7"), "ExtensionLevel": pdf.Integer(1)}
	catalog["Extensions"] = extensions
}
