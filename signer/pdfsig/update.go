package pdfsig

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"maps"
	"math"
	"slices"

	"sealdesk/signer/pdf"
	"sealdesk/signer/sigform"
)

// byteRangeRoom holds four numbers of 63 bits, so that the place of everything
// is known before the numbers are.
const byteRangeRoom = len("[0 ") + 3*20 + len("]")

// An update collects the objects of one incremental update.
type update struct {
	file    *pdf.File
	req     *Request
	catalog pdf.Dict
	form    pdf.Dict
	stamps  bool   // a document time stamp, nobody's signature
	into    *Field // that is signed; nil for a new one
	names   []string
	signed  bool // the document has a signature already
	pages   map[int]pdf.Page

	buf       []byte
	start     int64 // offset in the file of buf[0]
	entries   []pdf.Entry
	next      uint32 // the next free object number
	gap       [2]int // Contents with its brackets, in buf
	byteRange int    // of ByteRange's bracket, in buf

	signature pdf.Ref
	images    map[*image.NRGBA]pdf.Ref
	forms     map[face]pdf.Ref
	widgets   []pdf.Ref
}

// face is what makes one appearance stream differ from another.
type face struct {
	image         *image.NRGBA
	part          [2]float64
	width, height float64
	inner         pdf.Rect // of the image, from the lower left corner of the widget
	rotate        int
}

// open begins behind the last byte of the file, on a line of its own.
func (u *update) open(in io.ReaderAt, size int64) error {
	u.start = size
	var last [1]byte
	if _, err := in.ReadAt(last[:], size-1); err != nil && err != io.EOF {
		return fmt.Errorf("pdfsig: read: %w", err)
	}
	if last[0] != '\n' && last[0] != '\r' {
		u.buf = append(u.buf, '\n')
	}
	for _, r := range u.file.Revisions() {
		if n, ok := r.Trailer["Size"].(pdf.Integer); ok && n > 0 && n < math.MaxUint32/2 {
			u.next = max(u.next, uint32(n))
		}
		if n := len(r.Entries); n > 0 {
			u.next = max(u.next, r.Entries[n-1].Num+1)
		}
	}
	if u.next > math.MaxUint32/2 { // they must not begin anew behind the last one
		return tooComplex("the document has no object numbers left")
	}
	u.images, u.forms = map[*image.NRGBA]pdf.Ref{}, map[face]pdf.Ref{}
	return nil
}

// reserve returns the reference of an object that is to be written.
func (u *update) reserve() pdf.Ref {
	ref := pdf.Ref{Num: u.next}
	u.next++
	return ref
}

func (u *update) offset() int64 { return u.start + int64(len(u.buf)) - u.file.Base() }

// begin notes where an object stands and writes its header.
func (u *update) begin(ref pdf.Ref) {
	u.entries = append(u.entries, pdf.Entry{Kind: pdf.InUse, Num: ref.Num, Gen: ref.Gen, Offset: u.offset()})
	u.buf = fmt.Appendf(u.buf, "%d %d obj\n", ref.Num, ref.Gen)
}

func (u *update) object(ref pdf.Ref, o pdf.Object) {
	u.begin(ref)
	u.buf = pdf.Append(u.buf, o)
	u.buf = append(u.buf, "\nendobj\n"...)
}

func (u *update) stream(ref pdf.Ref, d pdf.Dict, data []byte) {
	u.begin(ref)
	d["Length"] = pdf.Integer(len(data))
	u.buf = pdf.Append(u.buf, d)
	u.buf = append(u.buf, "\nstream\n"...)
	u.buf = append(u.buf, data...)
	u.buf = append(u.buf, "\nendstream\nendobj\n"...)
}

// write puts all objects into the update.
func (u *update) write(form sigform.Form, reserve int) error {
	u.signature = u.reserve()
	u.writeSignature(form, reserve)
	places, names := u.req.Places, u.names
	if u.into != nil {
		names = names[1:]
		if err := u.fill(); err != nil {
			return err
		}
	} else if len(places) == 0 {
		places = []Appearance{{Page: 1}}
	}
	perPage := map[int][]pdf.Ref{}
	for _, a := range places {
		if a.Widget > 0 {
			continue // it was filled
		}
		widget, err := u.writeWidget(a, names[len(u.widgets)])
		if err != nil {
			return err
		}
		u.widgets = append(u.widgets, widget)
		perPage[a.Page] = append(perPage[a.Page], widget)
	}
	for _, n := range slices.Sorted(maps.Keys(perPage)) {
		if err := u.annotate(u.pages[n], perPage[n]); err != nil {
			return err
		}
	}
	if err := u.writeForm(); err != nil {
		return err
	}
	// Everything that goes into the update has been read by now.
	return u.refuseDefects()
}

// writeSignature writes the signature dictionary with room for ByteRange and Contents.
func (u *update) writeSignature(form sigform.Form, reserve int) {
	d := pdf.Dict{
		"Type": pdf.Name("Sig"), "Filter": pdf.Name(form.Filter), "SubFilter": pdf.Name(form.SubFilter),
		"M": pdf.FormatDate(u.req.Time),
	}
	for key, text := range map[pdf.Name]string{"Name": u.req.Name, "Reason": u.req.Reason, "Location": u.req.Location, "ContactInfo": u.req.ContactInfo} {
		if text != "" {
			d[key] = pdf.TextString(text)
		}
	}
	if u.stamps {
		// The token says when and by whom; a claim beside it would be nobody's (EN 319 142-1, 5.4.3).
		d = pdf.Dict{"Type": pdf.Name("DocTimeStamp"), "Filter": pdf.Name(form.Filter), "SubFilter": pdf.Name(form.SubFilter)}
	}
	if references := u.references(); len(references) > 0 {
		d["Reference"] = references
	}
	u.begin(u.signature)
	u.buf = pdf.Append(u.buf, d)
	u.buf = u.buf[:len(u.buf)-len(">>")]
	u.buf = append(u.buf, "\n/ByteRange "...)
	u.byteRange = len(u.buf)
	u.buf = append(u.buf, make([]byte, byteRangeRoom)...)
	u.buf = append(u.buf, "\n/Contents "...)
	u.gap[0] = len(u.buf)
	u.buf = pdf.AppendHex(u.buf, make([]byte, reserve))
	u.gap[1] = len(u.buf)
	u.buf = append(u.buf, ">>\nendobj\n"...)
}

// references say what the signature forbids from then on (12.8.2).
func (u *update) references() pdf.Array {
	var out pdf.Array
	add := func(method pdf.Name, params pdf.Dict) pdf.Dict {
		params["Type"], params["V"] = pdf.Name("TransformParams"), pdf.Name("1.2")
		ref := pdf.Dict{"Type": pdf.Name("SigRef"), "TransformMethod": method, "TransformParams": params}
		out = append(out, ref)
		return ref
	}
	if u.req.Certify != 0 {
		add("DocMDP", pdf.Dict{"P": pdf.Integer(u.req.Certify)})
	}
	if u.into != nil && u.into.Lock != nil {
		add("FieldMDP", u.into.Lock.params())["Data"] = u.file.Trailer()["Root"]
	}
	return out
}

// fillByteRange writes the numbers once the length of the update is known.
func (u *update) fillByteRange() [4]int64 {
	first, second := u.start+int64(u.gap[0]), u.start+int64(u.gap[1])
	rest := u.start + int64(len(u.buf)) - second
	text := fmt.Sprintf("[0 %d %d %d]", first, second, rest)
	copy(u.buf[u.byteRange:], fmt.Sprintf("%-*s", byteRangeRoom, text))
	return [4]int64{0, first, second, rest}
}

// writeWidget writes a field merged with its widget and what that shows.
func (u *update) writeWidget(a Appearance, name string) (pdf.Ref, error) {
	page := u.pages[a.Page]
	d := pdf.Dict{
		"Type": pdf.Name("Annot"), "Subtype": pdf.Name("Widget"), "FT": pdf.Name("Sig"), "T": pdf.TextString(name),
		"V": u.signature, "P": page.Ref, "F": pdf.Integer(4 | 128), // Print, Locked (12.5.3)
		"Rect": rectArray(a.Rect),
	}
	if a.Image != nil {
		w, h := a.Rect.Width(), a.Rect.Height()
		ap, err := u.appearance(face{a.Image, a.part(), w, h, pdf.Rect{0, 0, w, h}, page.Rotate})
		if err != nil {
			return pdf.Ref{}, err
		}
		d["AP"] = pdf.Dict{"N": ap}
	}
	ref := u.reserve()
	u.object(ref, d)
	return ref, nil
}

// annotate puts widgets at the end of a page's annotations, in the form these have.
func (u *update) annotate(page pdf.Page, widgets []pdf.Ref) error {
	was := page.Dict["Annots"]
	annots, err := u.file.Array(was)
	if err != nil {
		return err
	}
	annots = appendRefs(annots, widgets)
	if ref, ok := was.(pdf.Ref); ok && len(annots) > len(widgets) {
		u.object(ref, annots)
		return nil
	}
	d := maps.Clone(page.Dict)
	d["Annots"] = annots
	u.object(page.Ref, d)
	return nil
}

func appendRefs(a pdf.Array, refs []pdf.Ref) pdf.Array {
	a = slices.Clone(a)
	for _, r := range refs {
		a = append(a, r)
	}
	return a
}

// writeForm puts the fields into the interactive form, and that into the
// catalog unless it is there as an object of its own.
func (u *update) writeForm() error {
	fields, err := u.file.Array(u.form["Fields"])
	if err != nil {
		return err
	}
	flags, err := u.file.Int(u.form["SigFlags"])
	if err != nil {
		return err
	}
	fields = appendRefs(fields, u.widgets)
	form := maps.Clone(u.form)
	if form == nil {
		form = pdf.Dict{}
	}
	form["SigFlags"] = pdf.Integer(flags | 1 | 2) // SignaturesExist, AppendOnly (table 225)
	if ref, ok := form["Fields"].(pdf.Ref); ok {
		if len(u.widgets) > 0 {
			u.object(ref, fields)
		}
	} else {
		form["Fields"] = fields
	}
	catalog := maps.Clone(u.catalog)
	formRef, indirect := catalog["AcroForm"].(pdf.Ref)
	switch {
	case indirect && u.form != nil:
		if !pdf.Equal(form, u.form) {
			u.object(formRef, form)
		}
	case u.form != nil:
		catalog["AcroForm"] = form
	default:
		formRef = u.reserve()
		u.object(formRef, form)
		catalog["AcroForm"] = formRef
	}
	if u.req.Certify != 0 {
		perms, err := u.file.Dict(catalog["Perms"])
		if err != nil {
			return err
		}
		if perms = maps.Clone(perms); perms == nil {
			perms = pdf.Dict{}
		}
		perms["DocMDP"] = u.signature
		catalog["Perms"] = perms
	}
	if root, ok := u.file.Trailer()["Root"].(pdf.Ref); ok && !pdf.Equal(catalog, u.catalog) {
		u.object(root, catalog)
	}
	return nil
}

// close writes the cross-reference section in the form of the file's last one.
func (u *update) close() error {
	revisions := u.file.Revisions()
	last := revisions[len(revisions)-1]
	trailer := pdf.Dict{"Root": last.Trailer["Root"], "Prev": pdf.Integer(last.XRef - u.file.Base())}
	if info, ok := last.Trailer["Info"]; ok {
		trailer["Info"] = info
	}
	id, err := u.newID(last.Trailer["ID"])
	if err != nil {
		return err
	}
	trailer["ID"] = id
	at := u.offset()
	if last.Form == pdf.XRefStream {
		ref := u.reserve()
		u.entries = append(u.entries, pdf.Entry{Kind: pdf.InUse, Num: ref.Num, Offset: at})
		u.sort()
		u.writeXRefStream(ref, trailer)
	} else {
		if u.start+int64(len(u.buf)) > maxTableSize {
			return fail(TooLarge, "a cross-reference table cannot address %d bytes", at)
		}
		u.sort()
		u.writeTable(trailer)
	}
	u.buf = fmt.Appendf(u.buf, "startxref\n%d\n%%%%EOF\n", at)
	return nil
}

// newID keeps the first file identifier and makes a new second one (14.4).
func (u *update) newID(o pdf.Object) (pdf.Array, error) {
	fresh := make([]byte, 16)
	if _, err := rand.Read(fresh); err != nil {
		return nil, err
	}
	first := pdf.String(fresh)
	old, err := u.file.Array(o)
	if err != nil {
		return nil, err
	}
	if len(old) > 0 {
		if first, err = u.file.String(old[0]); err != nil {
			return nil, err
		}
	}
	return pdf.Array{first, pdf.String(fresh)}, nil
}

func (u *update) sort() {
	slices.SortFunc(u.entries, func(a, b pdf.Entry) int { return cmp.Compare(a.Num, b.Num) })
}

// runs calls fn with every run of consecutive object numbers.
func (u *update) runs(fn func(run []pdf.Entry)) {
	for rest := u.entries; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Num == rest[n-1].Num+1 {
			n++
		}
		fn(rest[:n])
		rest = rest[n:]
	}
}

func (u *update) writeTable(trailer pdf.Dict) {
	u.buf = append(u.buf, "xref\n"...)
	u.runs(func(run []pdf.Entry) {
		u.buf = fmt.Appendf(u.buf, "%d %d\n", run[0].Num, len(run))
		for _, e := range run {
			u.buf = fmt.Appendf(u.buf, "%010d %05d n\r\n", e.Offset, e.Gen)
		}
	})
	trailer["Size"] = pdf.Integer(u.next)
	u.buf = append(u.buf, "trailer\n"...)
	u.buf = pdf.Append(u.buf, trailer)
	u.buf = append(u.buf, '\n')
}

func (u *update) writeXRefStream(ref pdf.Ref, trailer pdf.Dict) {
	index := pdf.Array{}
	var data []byte
	u.runs(func(run []pdf.Entry) {
		index = append(index, pdf.Integer(run[0].Num), pdf.Integer(len(run)))
		for _, e := range run {
			data = append(data, 1)
			data = binary.BigEndian.AppendUint64(data, uint64(e.Offset))
			data = binary.BigEndian.AppendUint16(data, e.Gen)
		}
	})
	trailer["Type"] = pdf.Name("XRef")
	trailer["Size"] = pdf.Integer(u.next)
	trailer["W"] = pdf.Array{pdf.Integer(1), pdf.Integer(8), pdf.Integer(2)}
	trailer["Index"] = index
	trailer["Length"] = pdf.Integer(len(data))
	// begin would note the object again.
	u.buf = fmt.Appendf(u.buf, "%d 0 obj\n", ref.Num)
	u.buf = pdf.Append(u.buf, trailer)
	u.buf = append(u.buf, "\nstream\n"...)
	u.buf = append(u.buf, data...)
	u.buf = append(u.buf, "\nendstream\nendobj\n"...)
}
