package verify

import (
	"bytes"
	"errors"
	"io"

	"sealdesk/signer/pdf"
)

// document is a file with its revisions.
type document struct {
	*pdf.File
	r        io.ReaderAt
	size     int64
	followed map[int]followed // by revision
	forms    forms
}

func open(r io.ReaderAt, size int64) (*document, error) {
	f, err := pdf.Open(r, size)
	if e, ok := errors.AsType[*pdf.Error](err); ok && e.Kind == pdf.Encrypted {
		if e.Later {
			return nil, &broken{Finding: find("encrypted_later")}
		}
		return nil, &broken{Finding: find("encrypted")}
	}
	if err != nil {
		return nil, err
	}
	return &document{File: f, r: r, size: size, followed: map[int]followed{}}, nil
}

// last is the index of the newest revision.
func (d *document) last() int { return len(d.Revisions()) - 1 }

// view is the file as it was at one of its revisions.
type view struct {
	*pdf.File
	revision *pdf.Revision
	forms    *forms
}

func (d *document) view(i int) *view { return &view{d.AtRevision(i), &d.Revisions()[i], &d.forms} }

// has says whether an object with this number exists.
func (v *view) has(num uint32) bool {
	e, _, ok := v.Lookup(num)
	return ok && e.Kind != pdf.Free
}

// byNumber reads the object that has a number.
func (v *view) byNumber(num uint32) (pdf.Object, error) {
	e, _, _ := v.Lookup(num)
	return v.Resolve(pdf.Ref{Num: num, Gen: e.Gen})
}

// text is a text string, "" for anything else.
func (v *view) text(o pdf.Object) string {
	s, _ := v.String(o)
	return nameOf(s.Text())
}

// rect reads a rectangle; without one a widget shows nothing. Of an array that is not of four numbers some viewers take the first
// four, and zero for those that are not there.
func (v *view) rect(o pdf.Object) ([4]float64, error) {
	a, err := v.Array(o)
	if err != nil {
		return [4]float64{}, err
	}
	var c [4]float64
	for i, o := range a[:min(len(a), len(c))] {
		if c[i], err = v.Number(o); err != nil {
			return [4]float64{}, err
		}
	}
	return [4]float64{min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3])}, nil
}

// sameData compares the encoded bytes of two streams.
func (v *view) sameData(a, b *pdf.Stream) (bool, error) {
	x, y := v.Raw(a), v.Raw(b)
	p, q := make([]byte, 32<<10), make([]byte, 32<<10)
	for {
		n, err := io.ReadFull(x, p)
		m, err2 := io.ReadFull(y, q)
		if n != m || !bytes.Equal(p[:n], q[:m]) {
			return false, nil
		}
		if err != nil || err2 != nil {
			if ended(err) && ended(err2) {
				return true, nil
			}
			return false, errors.Join(err, err2)
		}
	}
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

func isNull(o pdf.Object) bool {
	_, null := o.(pdf.Null)
	return o == nil || null
}

// allPages returns the references to all pages in their order.
func allPages(v *view) ([]pdf.Ref, error) {
	var pages []pdf.Ref
	err := v.EachPage(func(_ int, p pdf.Page) error {
		pages = append(pages, p.Ref)
		return nil
	})
	return pages, err
}

// annotated tells on which page, from 1, each annotation is, and what the pages are to signatures; number 0 is none of them.
func annotated(v *view) (map[uint32]int, []ground, error) {
	on, pages := map[uint32]int{}, []ground{elsewhere}
	err := v.EachPage(func(n int, p pdf.Page) error {
		pages = append(pages, groundOf(p))
		annots, err := v.Array(p.Dict["Annots"])
		for _, a := range annots {
			if ref, ok := a.(pdf.Ref); ok {
				on[ref.Num] = n
			}
		}
		return err
	})
	return on, pages, err
}
