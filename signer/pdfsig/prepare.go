package pdfsig

import (
	"context"
	"fmt"
	"image"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealdesk/signer/pdf"
	"sealdesk/signer/sigform"
)

// Bounds of a request.
const (
	maxPlaces    = 20_000
	maxPixels    = 4096 // a side
	maxText      = 4096 // bytes of a text
	maxTableSize = 9_999_999_999
	tolerance    = 0.01 // points that rounding may put a place outside its page
)

// Appearance is one place where the signature shows.
type Appearance struct {
	Page int // from 1
	// Widget is the place in the field that is signed into, from 1 among its
	// Widgets: the Image is put into it, and the Rect lies within it. 0 makes a
	// field of its own.
	Widget int
	// Rect is left, bottom, right, top in points of the page's own user space,
	// before the page is turned for display.
	Rect pdf.Rect
	// Image fills the rectangle, upright as the page is displayed. Its alpha
	// becomes a soft mask. Places with the same Image share one copy. nil
	// leaves the rectangle empty.
	Image *image.NRGBA
	// Part cuts the Image upright: it shows what lies between two fractions of
	// its width, as the strip of an edge seal does. Zero means the whole. The
	// cut is exact however many pixels the Image has: the appearance's BBox
	// makes it.
	Part [2]float64
}

// part returns the Part, the whole spelt out.
func (a Appearance) part() [2]float64 {
	if a.Part == [2]float64{} {
		return [2]float64{0, 1}
	}
	return a.Part
}

// Request says how to sign.
type Request struct {
	Frame  Frame
	Places []Appearance // none: an invisible signature
	// Pictures, if given, is shared by requests with the same seal.
	Pictures *Pictures
	// Name of the signer, and what else the signature dictionary may tell.
	Name, Reason, Location, ContactInfo string
	// Time is the claimed time of signing; the zero value means now.
	Time time.Time
	// FieldName is the partial name of the first field; generated when empty.
	FieldName string
	// Into is the full name of an empty field that is signed; "" makes a new one.
	Into string
	// Certify makes a certification with DocMDP permission 1, 2 or 3 (12.8.2.2); 0 an approval.
	Certify int
}

// Plan is a signature of which only the value is missing.
type Plan struct {
	size    int64
	req     Request
	update  []byte // with the room for Contents filled with zeros
	gap     [2]int // of Contents with its brackets, in update
	reserve int    // bytes of DER that fit
	scope   sigform.Scope
	fields  []string
}

// Size returns the size of the signed file in bytes.
func (p *Plan) Size() int64 { return p.size + int64(len(p.update)) }

// Fields returns the names of the signature fields, one a place.
func (p *Plan) Fields() []string { return slices.Clone(p.fields) }

// Prepare plans a signature of the document of the given size in bytes. The key
// is not asked.
//
// Errors: *Error, *pdf.Error (encrypted, malformed, no such page), the Frame's
// (*cms.Error, *ses.Error: key and certificate do not fit, the seal does not
// hold), or the source's.
func Prepare(ctx context.Context, in io.ReaderAt, size int64, req Request) (*Plan, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	form, err := req.Frame.Form()
	if err != nil {
		return nil, err
	}
	file, err := pdf.Open(in, size)
	if err != nil {
		return nil, err
	}
	u := &update{file: file, req: &req, stamps: isStamp(req.Frame)}
	if err := u.inspect(); err != nil {
		return nil, err
	}
	bound, err := req.Frame.SizeBound(widest(u.names[0]))
	if err != nil {
		return nil, err
	}
	if err := u.findPages(ctx); err != nil {
		return nil, err
	}
	if err := u.checkInto(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := u.open(in, size); err != nil {
		return nil, err
	}
	if err := u.write(form, bound); err != nil {
		return nil, err
	}
	if err := u.close(); err != nil {
		return nil, err
	}
	scope := sigform.Scope{Field: u.names[0], ByteRange: u.fillByteRange()}
	return &Plan{size: size, req: req, update: u.buf, gap: u.gap, reserve: bound, scope: scope, fields: u.names}, nil
}

func (r *Request) check() error {
	if r.Time.IsZero() {
		r.Time = time.Now()
	}
	switch {
	case r.Frame == nil:
		return fail(BadRequest, "a signature without a frame")
	case r.Certify < 0 || r.Certify > 3:
		return fail(BadRequest, "DocMDP has no permission %d", r.Certify)
	case isStamp(r.Frame) && (r.Certify != 0 || len(r.Places) > 0):
		return fail(BadRequest, "a document time stamp shows nowhere and certifies nothing")
	case len(r.Places) > maxPlaces:
		return fail(BadRequest, "%d places for one signature", len(r.Places))
	case r.Into != "" && r.FieldName != "" || len(r.Into) > maxText:
		return fail(BadRequest, "a signature goes into a field that is there or into a new one")
	case strings.Contains(r.FieldName, ".") || len(r.FieldName) > maxText:
		return fail(BadRequest, "a field's partial name has no full stop")
	}
	for _, s := range []string{r.Name, r.Reason, r.Location, r.ContactInfo} {
		if len(s) > maxText {
			return fail(BadRequest, "a text of the signature is longer than %d bytes", maxText)
		}
	}
	for _, a := range r.Places {
		for _, v := range a.Rect {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fail(BadRequest, "a place is not a rectangle")
			}
		}
		if a.Rect.Width() <= 0 || a.Rect.Height() <= 0 {
			return fail(BadRequest, "a place is not a rectangle")
		}
		if p := a.part(); !(p[0] >= 0 && p[0] < p[1] && p[1] <= 1) {
			return fail(BadRequest, "a picture cut at %v of its width", p)
		}
		if a.Widget < 0 || a.Widget > 0 && (r.Into == "" || a.part() != [2]float64{0, 1}) {
			return fail(BadRequest, "a place in a field that is not there")
		}
		if a.Image != nil {
			if w, h := a.Image.Rect.Dx(), a.Image.Rect.Dy(); w < 1 || h < 1 || w > maxPixels || h > maxPixels {
				return fail(BadRequest, "a picture of %d by %d pixels", w, h)
			}
		}
	}
	return nil
}

// unsafeDefects are those that readers take in different ways, so that not all of
// them would show what was signed: of two entries, or two objects of one number, one or the other, and with bytes
// before the header the byte range from there or from the file's first byte.
// Where a table begins behind white space, or a revision does not end properly, all
// read the same, since the update that is appended says where the table is and ends
// properly itself.
var unsafeDefects = []string{pdf.JunkBeforeHeader, pdf.DuplicateKey, pdf.ObjectTwice}

// unsafeBehind are those that an earlier signature does not stand: bytes behind the
// end of what it covers.
var unsafeBehind = []string{pdf.JunkAfterEnd, pdf.NoEnd}

func (u *update) refuseDefects() error {
	for _, d := range u.file.Defects() {
		if slices.Contains(unsafeDefects, d.Name) || u.signed && slices.Contains(unsafeBehind, d.Name) {
			return &Error{Kind: NeedsRepair, Defect: d.Name, Detail: fmt.Sprintf("the file has the defect %s at byte %d", d.Name, d.Offset)}
		}
	}
	return nil
}

// inspect refuses documents that must not be signed as asked and chooses field names.
func (u *update) inspect() error {
	form, err := u.admit()
	if err != nil {
		return err
	}
	if u.req.Certify != 0 && form.signed {
		return fail(NotFirst, "the document has a signature already")
	}
	if u.req.Into != "" {
		if u.into, err = form.open(u.req.Into); err != nil {
			return err
		}
	}
	return u.chooseNames(form.names)
}

// admit reads the form and refuses documents that nobody must sign; the form is
// there beside an *Error that says so.
func (u *update) admit() (*form, error) {
	var err error
	if u.catalog, err = u.file.Catalog(); err != nil {
		return nil, err
	}
	form, err := readForm(u.file)
	if err != nil {
		return nil, err
	}
	u.form = form.dict
	if u.form != nil {
		if xfa, err := u.file.Resolve(u.form["XFA"]); err != nil {
			return nil, err
		} else if xfa != (pdf.Null{}) {
			return form, fail(XFA, "the document is an XFA form")
		}
	}
	perms, err := u.file.Dict(u.catalog["Perms"])
	if err != nil {
		return nil, err
	}
	certification, err := u.file.Dict(perms["DocMDP"])
	if err != nil {
		return nil, err
	}
	p, err := u.permission(certification)
	if err != nil {
		return nil, err
	}
	form.signed = form.signed || certification != nil
	if p == 1 && !u.stamps {
		return form, fail(Locked, "the document is certified and allows no changes")
	}
	u.signed = form.signed
	if form.locked && !u.stamps {
		return form, fail(Locked, "a signature locked the document")
	}
	return form, nil
}

// permission returns the P of a certification signature, 0 for none.
func (u *update) permission(sig pdf.Dict) (int64, error) {
	if sig == nil {
		return 0, nil
	}
	refs, err := u.file.Array(sig["Reference"])
	if err != nil {
		return 0, err
	}
	for _, o := range refs {
		ref, err := u.file.Dict(o)
		if err != nil {
			return 0, err
		}
		params, err := u.file.Dict(ref["TransformParams"])
		if err != nil {
			return 0, err
		}
		if p, err := u.file.Int(params["P"]); err != nil {
			return 0, err
		} else if method, err := u.file.Name(ref["TransformMethod"]); err == nil && method == "DocMDP" && p != 0 {
			return p, nil
		}
	}
	return 2, nil
}

// chooseNames names the field that is signed into, and a new one for every place outside of it.
func (u *update) chooseNames(taken map[string]bool) error {
	fresh := 0
	for _, a := range u.req.Places {
		if a.Widget == 0 {
			fresh++
		}
	}
	if u.into != nil {
		u.names = []string{u.into.Name}
	} else {
		fresh = max(fresh, 1) // an invisible signature has a field, too
	}
	if fresh == 0 {
		return nil
	}
	first := u.req.FieldName
	if first == "" {
		kind := "Signature"
		if u.stamps {
			kind = "Timestamp"
		}
		for n := 1; first == "" || taken[first]; n++ {
			first = kind + strconv.Itoa(n)
		}
	} else if taken[first] {
		return &Error{Kind: FieldExists, Field: first, Detail: fmt.Sprintf("the document has a field %q already", first)}
	}
	u.names = append(u.names, first)
	for n, more := 2, fresh-1; more > 0; n++ {
		if name := first + "-" + strconv.Itoa(n); !taken[name] {
			u.names = append(u.names, name)
			more--
		}
	}
	return nil
}

// findPages finds the pages of the places and checks that these lie on them.
// An invisible signature belongs to the first page.
func (u *update) findPages(ctx context.Context) error {
	wanted := map[int]bool{}
	for _, a := range u.req.Places {
		wanted[a.Page] = true
	}
	if len(wanted) == 0 && u.into == nil {
		wanted[1] = true
	}
	u.pages = map[int]pdf.Page{}
	count := 0
	err := u.file.EachPage(func(n int, p pdf.Page) error {
		if count = n; wanted[n] {
			u.pages[n] = p
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	for n := range wanted {
		if n < 1 || n > count {
			return &pdf.Error{Kind: pdf.NoSuchPage, Offset: -1, Detail: "a place names a page that is not there", Page: n, Pages: count}
		}
	}
	for _, a := range u.req.Places {
		box := u.pages[a.Page].CropBox
		if a.Rect[0] < box[0]-tolerance || a.Rect[1] < box[1]-tolerance || a.Rect[2] > box[2]+tolerance || a.Rect[3] > box[3]+tolerance {
			return &Error{Kind: OutsidePage, Page: a.Page, Detail: fmt.Sprintf("the place %v is not within %v of page %d", a.Rect, box, a.Page)}
		}
	}
	return nil
}
