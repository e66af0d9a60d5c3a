package pdf

import "errors"

// Bounds on the page tree.
const (
	maxPageDepth = 48
	maxPages     = 1 << 20
)

// Rect is a rectangle: left, bottom, right, top, in units of user space.
type Rect [4]float64

// Width returns the width.
func (r Rect) Width() float64 { return r[2] - r[0] }

// Height returns the height.
func (r Rect) Height() float64 { return r[3] - r[1] }

func (r Rect) empty() bool { return !(r.Width() > 0 && r.Height() > 0) }

// usLetter is what viewers take for the MediaBox where a page has none.
var usLetter = Rect{0, 0, 612, 792}

// Page is a leaf of the page tree with what it inherits (7.7.3.4).
type Page struct {
	Ref       Ref
	Dict      Dict    // as it stands, without what is inherited
	Resources Object  // nil when there are none
	MediaBox  Rect    // normalized: left < right, bottom < top
	CropBox   Rect    // within the MediaBox; the MediaBox where the page says nothing
	Rotate    int     // 0, 90, 180 or 270 degrees clockwise
	UserUnit  float64 // points to a unit of user space, usually 1 (table 31)
}

// errStop ends a walk early.
var errStop = errors.New("stop")

// EachPage calls fn with every page, numbered from 1, until fn returns an error,
// which is passed on.
func (f *File) EachPage(fn func(n int, p Page) error) error {
	root, err := f.Catalog()
	if err != nil {
		return err
	}
	top, ok := root["Pages"].(Ref)
	if !ok {
		return fail(Malformed, -1, "the document has no page tree")
	}
	w := pageWalk{f: f, fn: fn, seen: map[Ref]bool{}}
	return w.node(top, inherited{}, 0)
}

// PageCount returns the number of pages, found by walking the tree.
func (f *File) PageCount() (int, error) {
	count := 0
	if err := f.EachPage(func(n int, _ Page) error { count = n; return nil }); err != nil {
		return 0, err
	}
	return count, nil
}

// Page returns the page with a number from 1. Error: Kind NoSuchPage.
func (f *File) Page(number int) (Page, error) {
	found, count := Page{}, 0
	err := f.EachPage(func(n int, p Page) error {
		if count = n; n == number {
			found = p
			return errStop
		}
		return nil
	})
	if errors.Is(err, errStop) {
		return found, nil
	}
	if err == nil {
		err = &Error{Kind: NoSuchPage, Offset: -1, Detail: "the document has no such page", Page: number, Pages: count}
	}
	return Page{}, err
}

// inherited holds the attributes that a node hands down.
type inherited struct{ resources, mediaBox, cropBox, rotate Object }

type pageWalk struct {
	f     *File
	fn    func(int, Page) error
	seen  map[Ref]bool
	count int
}

func (w *pageWalk) node(ref Ref, in inherited, depth int) error {
	if depth > maxPageDepth || len(w.seen) > 2*maxPages {
		return fail(TooComplex, -1, "the page tree is too deep or too large")
	}
	if w.seen[ref] {
		return fail(Malformed, -1, "the page tree has object %v twice", ref)
	}
	w.seen[ref] = true
	o, err := w.f.Resolve(ref)
	if err != nil {
		return err
	}
	d, ok := o.(Dict)
	if !ok {
		return fail(Malformed, -1, "the page tree's object %v is not a dictionary", ref)
	}
	for _, a := range []struct {
		key   Name
		value *Object
	}{{"Resources", &in.resources}, {"MediaBox", &in.mediaBox}, {"CropBox", &in.cropBox}, {"Rotate", &in.rotate}} {
		if v, ok := d[a.key]; ok {
			*a.value = v
		}
	}
	kids, isNode := d["Kids"]
	typ, err := w.f.Name(d["Type"])
	if err != nil {
		return err
	}
	if !isNode {
		if typ != "Page" && typ != "" {
			return fail(Malformed, -1, "the page tree's object %v is a %s", ref, typ)
		}
		return w.leaf(ref, d, in)
	}
	list, err := w.f.Array(kids)
	if err != nil {
		return err
	}
	for _, kid := range list {
		r, ok := kid.(Ref)
		if !ok {
			return fail(Malformed, -1, "a page of node %v is not an indirect object", ref)
		}
		if err := w.node(r, in, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *pageWalk) leaf(ref Ref, d Dict, in inherited) error {
	p := Page{Ref: ref, Dict: d, Resources: in.resources}
	var err error
	if p.MediaBox, err = w.f.rect(in.mediaBox, ref); err != nil {
		return err
	}
	if p.MediaBox.empty() {
		w.f.note(PageBox, -1)
		p.MediaBox = usLetter
	}
	p.CropBox = p.MediaBox
	if in.cropBox != nil {
		crop, err := w.f.rect(in.cropBox, ref)
		if err != nil {
			return err
		}
		crop = Rect{max(crop[0], p.MediaBox[0]), max(crop[1], p.MediaBox[1]), min(crop[2], p.MediaBox[2]), min(crop[3], p.MediaBox[3])}
		if !crop.empty() {
			p.CropBox = crop
		}
	}
	turn, err := w.f.Int(in.rotate)
	if err != nil {
		return err
	}
	if turn%90 != 0 {
		return fail(Malformed, -1, "page %v is turned by %d degrees", ref, turn)
	}
	p.Rotate = int((turn%360 + 360) % 360)
	if p.UserUnit, err = w.f.userUnit(d["UserUnit"]); err != nil {
		return err
	}
	if w.count++; w.count > maxPages {
		return fail(TooComplex, -1, "the document has more than %d pages", maxPages)
	}
	return w.fn(w.count, p)
}

// maxUserUnit is a page of 381 km a side.
const maxUserUnit = 75_000

// userUnit reads the size of a page's unit. What is no size counts as 1, as for every viewer.
func (f *File) userUnit(o Object) (float64, error) {
	if o == nil {
		return 1, nil
	}
	u, err := f.Number(o)
	if err != nil {
		return 0, err
	}
	if !(u > 0 && u <= maxUserUnit) {
		return 1, nil
	}
	return u, nil
}

// rect reads a rectangle given by two opposite corners (7.9.5); one that is not
// there is empty.
func (f *File) rect(o Object, of Ref) (Rect, error) {
	a, err := f.Array(o)
	if err != nil {
		return Rect{}, err
	}
	if a == nil {
		return Rect{}, nil
	}
	if len(a) != 4 {
		return Rect{}, fail(Malformed, -1, "page %v has no proper MediaBox or CropBox", of)
	}
	var c Rect
	for i, o := range a {
		if c[i], err = f.Number(o); err != nil {
			return Rect{}, err
		}
	}
	return Rect{min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3])}, nil
}
