package verify

import (
	"bytes"
	"io"

	"sealdesk/signer/pdf"
)

// stray looks for a signature in a file whose form shows none: damage or intent
// may have cut it off. Objects that cannot be read matter only when the file's
// bytes speak of a signature.
func stray(doc *document) error {
	v := doc.view(doc.last())
	seen := map[uint32]bool{}
	unreadable := error(nil)
	usage, err := usageRights(v)
	if err != nil {
		return err
	}
	for i := range doc.Revisions() {
		for _, e := range doc.Revisions()[i].Entries {
			if seen[e.Num] {
				continue
			}
			seen[e.Num] = true
			o, err := v.byNumber(e.Num)
			if err != nil {
				unreadable = err
			}
			if d, ok := o.(pdf.Dict); ok && d["ByteRange"] != nil && !usage[e.Num] {
				if d["SubFilter"] != stampSubFilter {
					return &broken{find("stray_signature"), attackSaving}
				}
			}
		}
	}
	if unreadable == nil {
		return nil
	}
	found := false
	if err := each(doc.r, doc.size, []byte("/ByteRange"), func(int64) bool { found = true; return false }); err != nil {
		return err
	}
	if found {
		return unreadable
	}
	return nil
}

// usageRights are the signatures by which the maker of a form lets a reader save
// it (ISO 32000-1, 12.8.2.3): they say nothing about the document.
func usageRights(v *view) (map[uint32]bool, error) {
	root, err := v.Catalog()
	if err != nil {
		return nil, err
	}
	perms, err := v.Dict(root["Perms"])
	if err != nil {
		return nil, err
	}
	out := map[uint32]bool{}
	for _, key := range []pdf.Name{"UR", "UR3"} {
		if ref, ok := perms[key].(pdf.Ref); ok {
			out[ref.Num] = true
		}
	}
	return out, nil
}

// each calls fn with every offset at which a word stands in a file, until fn
// returns false.
func each(r io.ReaderAt, size int64, word []byte, fn func(at int64) bool) error {
	buf := make([]byte, chunk)
	for pos := int64(0); pos < size; pos += int64(len(buf) - len(word) + 1) {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), size-pos)], pos)
		if err != nil && !ended(err) {
			return err
		}
		for from := 0; ; {
			i := bytes.Index(buf[from:n], word)
			if i < 0 {
				break
			}
			if from += i + len(word); !fn(pos + int64(from-len(word))) {
				return nil
			}
		}
	}
	return nil
}
