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
	for i := range doc.Revisions() {
		for _, e := range doc.Revisions()[i].Entries {
			if seen[e.Num] || !v.has(e.Num) {
				continue
			}
			seen[e.Num] = true
			o, err := v.byNumber(e.Num)
			if err != nil {
				unreadable = err
			}
			if d, ok := o.(pdf.Dict); ok && d["ByteRange"] != nil {
				if d["SubFilter"] != stampSubFilter {
					return &broken{find("stray_signature")}
				}
			}
		}
	}
	if unreadable == nil {
		return nil
	}
	found, err := contains(doc.r, doc.size, []byte("/ByteRange"))
	if err != nil {
		return err
	}
	if found {
		return unreadable
	}
	return nil
}

// contains searches the bytes of a file.
func contains(r io.ReaderAt, size int64, word []byte) (bool, error) {
	buf := make([]byte, chunk)
	for pos := int64(0); pos < size; pos += int64(len(buf) - len(word)) {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), size-pos)], pos)
		if bytes.Contains(buf[:n], word) {
			return true, nil
		}
		if err != nil && !ended(err) {
			return false, err
		}
	}
	return false, nil
}
