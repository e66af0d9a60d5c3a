package verify

import (
	"cmp"
	"slices"

	"sealdesk/signer/pdf"
)

// maxComment in bytes is the longest comment between objects; writers leave
// their name there.
const maxComment = 256

// tile checks that every byte of a revision belongs to it: objects that its own
// cross-reference section lists, white space and comments between them, then
// the section, startxref and the end. Bytes that nothing leads to are read by
// programs that repair files.
func (d *document) tile(n int) error {
	v := d.view(n)
	rev := v.revision
	for _, defect := range d.Defects() {
		if defect.Offset >= rev.Start && defect.Offset < rev.End && defect.Name != pdf.XRefOffset {
			return deny(attackSaving, "a later revision is not well formed (%s)", defect.Name)
		}
	}
	if rev.XRef < rev.Start || rev.Linearized || rev.Hidden {
		return deny(attackSaving, "a later revision has an odd cross-reference section")
	}
	var spans [][2]int64
	if rev.Hybrid {
		spans = append(spans, rev.Companion)
	}
	for _, e := range rev.Entries {
		switch {
		case e.Kind != pdf.InUse || e.Offset == rev.XRef || rev.Hybrid && e.Offset == rev.Companion[0]:
		case e.Offset > rev.XRef:
			return deny(attackSaving, "object %d lies behind its cross-reference section", e.Num)
		case e.Offset >= rev.Start:
			start, end, err := v.Span(e.Ref())
			if err != nil {
				return err
			}
			spans = append(spans, [2]int64{start, end})
		}
	}
	slices.SortFunc(spans, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	at := rev.Start
	for _, s := range spans {
		if err := d.blank(at, s[0]); err != nil {
			return err
		}
		at = s[1]
	}
	return d.blank(at, rev.XRef)
}

// blank checks that there are only white space and comments between two offsets.
func (d *document) blank(from, to int64) error {
	if from > to {
		return deny(attackSaving, "objects of a later revision overlap")
	}
	const limit = 64 << 10
	if to-from > limit {
		return deny(attackSaving, "%d bytes of a later revision belong to no object", to-from)
	}
	text := make([]byte, to-from)
	if n, err := d.r.ReadAt(text, from); n < len(text) {
		return err
	}
	comment := 0 // length of the comment so far, its sign included
	for _, c := range text {
		switch {
		case c == '\n' || c == '\r':
			comment = 0
		case comment > 0 || c == '%':
			if comment++; comment > maxComment {
				return deny(attackSaving, "a later revision has a comment that is too long")
			}
		case c != ' ' && c != '\t' && c != 0 && c != '\f':
			return deny(attackSaving, "bytes of a later revision belong to no object (at byte %d)", from)
		}
	}
	return nil
}

// tail says what is wrong with the bytes behind the last revision; "" if nothing is.
func (d *document) tail() string {
	for _, defect := range d.Defects() {
		if defect.Name == pdf.JunkAfterEnd {
			return "bytes follow the end of the file"
		}
	}
	return ""
}

// endingAt returns the revision that ends at an offset: at its %%EOF or within
// the white space that follows it; -1 if there is none.
func (d *document) endingAt(end int64) (int, error) {
	const most = 64 // bytes of white space
	for i, rev := range d.Revisions() {
		if end < rev.EOF || end > rev.EOF+most || rev.EOF == rev.XRef {
			continue
		}
		text := make([]byte, end-rev.EOF)
		if n, err := d.r.ReadAt(text, rev.EOF); n < len(text) {
			return -1, err
		}
		for _, c := range text {
			if c != '\n' && c != '\r' && c != ' ' {
				return -1, nil
			}
		}
		for _, defect := range d.Defects() {
			if defect.Name == pdf.NoEnd && defect.Offset >= rev.XRef && defect.Offset <= rev.End {
				return -1, nil
			}
		}
		return i, nil
	}
	return -1, nil
}

// follow judges a revision that came after a signature, once.
func (d *document) follow(n int) (*increment, error) {
	if f, ok := d.followed[n]; ok {
		return f.brought, f.err
	}
	var f followed
	f.brought, f.err = d.compare(n)
	d.followed[n] = f
	return f.brought, f.err
}

// followed is what a later revision changed, or why it may not.
type followed struct {
	brought *increment
	err     error
}

// compare judges a revision: its bytes, then its objects.
func (d *document) compare(n int) (*increment, error) {
	if err := d.tile(n); err != nil {
		return nil, err
	}
	brought, err := compare(d.view(n-1), d.view(n))
	if err != nil {
		return nil, err
	}
	// Objects were read, so what is ambiguous in them is known now. Offsets
	// within object streams do not tell the revision.
	compressed := slices.ContainsFunc(d.Revisions()[n].Entries, func(e pdf.Entry) bool { return e.Kind == pdf.Compressed })
	for _, defect := range d.Defects() {
		inside := defect.Offset >= d.Revisions()[n].Start && defect.Offset < d.Revisions()[n].End
		if inside && defect.Name != pdf.XRefOffset || compressed && defect.Name == pdf.DuplicateKey {
			return nil, deny(attackSaving, "a later revision is not well formed (%s)", defect.Name)
		}
	}
	return brought, nil
}
