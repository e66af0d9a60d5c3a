package verify

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
)

// paper writes PDF files by hand, revision by revision, so that a test can do
// what no honest writer does.
type paper struct {
	t       testing.TB
	data    []byte
	base    int               // bytes before the header, from which offsets count
	prev    int               // offset of the last cross-reference section
	size    int               // of the cross-reference table
	objects map[int]string    // what every object holds now
	root    map[string]string // of the catalog
	page    map[string]string
	fields  []int
	annots  []int
	trailer string // further entries
}

// Numbers of the objects that every paper has.
const (
	objCatalog, objPages, objPage, objText, objFont, objInfo, objForm = 1, 2, 3, 4, 5, 6, 7
	firstFree                                                         = 8
)

func stream(dict, data string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
}

func newPaper(t testing.TB) *paper {
	p := &paper{t: t, objects: map[int]string{}, size: 1,
		root:    map[string]string{"Type": "/Catalog", "Pages": "2 0 R"},
		page:    map[string]string{"Type": "/Page", "Parent": "2 0 R", "MediaBox": "[0 0 595 842]", "Contents": "4 0 R", "Resources": "<< /Font << /F1 5 0 R >> >>"},
		trailer: "/ID [<00112233> <00112233>] /Info 6 0 R"}
	p.data = []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	p.update(map[int]string{
		objCatalog: p.dict(p.root), objPage: p.dict(p.page),
		objPages: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		objText:  stream("", "BT /F1 24 Tf 72 700 Td (Pay 100 yuan) Tj ET"),
		objFont:  "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
		objInfo:  "<< /Title (Contract) >>",
	})
	return p
}

func (p *paper) clone() *paper {
	q := *p
	q.data, q.objects = bytes.Clone(p.data), maps.Clone(p.objects)
	q.root, q.page = maps.Clone(p.root), maps.Clone(p.page)
	q.fields, q.annots = slices.Clone(p.fields), slices.Clone(p.annots)
	return &q
}

func (p *paper) dict(d map[string]string) string {
	var b strings.Builder
	b.WriteString("<<")
	for _, k := range slices.Sorted(maps.Keys(d)) {
		fmt.Fprintf(&b, " /%s %s", k, d[k])
	}
	return b.String() + " >>"
}

func refList(nums []int) string {
	var b strings.Builder
	for _, n := range nums {
		fmt.Fprintf(&b, " %d 0 R", n)
	}
	return "[" + b.String() + " ]"
}

// update appends a revision with these objects.
func (p *paper) update(objs map[int]string) { p.write(objs, "") }

// write appends a revision; junk is put between its objects and its table.
func (p *paper) write(objs map[int]string, junk string) {
	offsets := map[int]int{}
	for _, num := range slices.Sorted(maps.Keys(objs)) {
		p.objects[num] = objs[num]
		p.size = max(p.size, num+1)
		if objs[num] == "" { // deleted
			continue
		}
		offsets[num] = len(p.data) - p.base
		p.data = fmt.Appendf(p.data, "%d 0 obj\n%s\nendobj\n", num, objs[num])
	}
	p.data = append(p.data, junk...)
	xref := len(p.data) - p.base
	p.data = append(p.data, "xref\n"...)
	if p.prev == 0 {
		p.data = append(p.data, "0 1\n0000000000 65535 f \n"...)
	}
	for _, num := range slices.Sorted(maps.Keys(objs)) {
		if off, ok := offsets[num]; ok {
			p.data = fmt.Appendf(p.data, "%d 1\n%010d 00000 n \n", num, off)
		} else {
			p.data = fmt.Appendf(p.data, "%d 1\n%010d 00001 f \n", num, 0)
		}
	}
	prev := ""
	if p.prev != 0 {
		prev = fmt.Sprintf(" /Prev %d", p.prev)
	}
	p.data = fmt.Appendf(p.data, "trailer\n<< /Size %d /Root 1 0 R %s%s >>\nstartxref\n%d\n%%%%EOF\n", p.size, p.trailer, prev, xref)
	p.prev = xref
}

// signing says how sign signs.
type signing struct {
	rect      string
	sub       string            // SubFilter
	sig       string            // further entries of the signature dictionary
	root      map[string]string // further entries of the catalog
	objects   map[int]string    // further objects of the revision
	widget    string            // further entries of the widget
	form      string            // further entries of the form
	padding   int               // bytes of /Contents, 0: as much as needed
	contents  func(der []byte) []byte
	value     func(covered []byte) []byte // makes the value instead of the Builder
	existing  int                         // number of an empty field that is signed
	sharedBy  int                         // this many fields with the one value
	fieldName string
	year      int
}

// sign appends a signature as an honest writer does, and returns the number of
// the signature dictionary.
func (p *paper) sign(by *cmstest.Party, s signing) int {
	p.t.Helper()
	if s.sub == "" {
		s.sub = "ETSI.CAdES.detached"
	}
	if s.rect == "" {
		s.rect = "[0 0 0 0]"
	}
	if s.year == 0 {
		s.year = 2025
	}
	builder := cms.Builder{Signer: by.Key, Chain: by.Chain}
	bound, err := builder.SizeBound()
	if err != nil {
		p.t.Fatal(err)
	}
	if s.padding != 0 {
		bound = s.padding
	}
	num := max(p.size, firstFree)
	objs := map[int]string{}
	for n, o := range s.objects {
		objs[n] = o
		num = max(num, n+1)
	}
	const room = "[0 0000000000 0000000000 0000000000]"
	objs[num] = fmt.Sprintf("<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /%s /ByteRange %s /Contents <%s> /M (D:%d0601120000+08'00') %s >>",
		s.sub, room, strings.Repeat("00", bound), s.year, s.sig)
	if s.existing != 0 {
		objs[s.existing] = strings.Replace(p.objects[s.existing], "<<", fmt.Sprintf("<< /V %d 0 R %s", num, s.widget), 1)
	}
	for i := range max(s.sharedBy, 1) {
		if s.existing != 0 {
			break
		}
		field := num + 1 + i
		name := s.fieldName
		if name == "" {
			name = fmt.Sprintf("Signature%d", field)
		}
		objs[field] = fmt.Sprintf("<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /V %d 0 R /P 3 0 R /F 132 /Rect %s %s >>", name, num, s.rect, s.widget)
		p.fields, p.annots = append(p.fields, field), append(p.annots, field)
	}
	objs[objForm] = fmt.Sprintf("<< /Fields %s /SigFlags 3 %s >>", refList(p.fields), s.form)
	p.page["Annots"] = refList(p.annots)
	objs[objPage] = p.dict(p.page)
	p.root["AcroForm"] = "7 0 R"
	maps.Copy(p.root, s.root)
	for k, v := range p.root {
		p.root[k] = strings.ReplaceAll(v, "SIG", fmt.Sprint(num))
	}
	objs[objCatalog] = p.dict(p.root)
	start := len(p.data)
	p.update(objs)

	at := start + bytes.Index(p.data[start:], []byte(room))
	from := at + bytes.Index(p.data[at:], []byte("/Contents <")) + len("/Contents ")
	to := from + 2*bound + 2
	copy(p.data[at:], fmt.Sprintf("[0 %10d %10d %10d]", from, to, len(p.data)-to))
	h, err := builder.Hash()
	if err != nil {
		p.t.Fatal(err)
	}
	h.Write(p.data[:from])
	h.Write(p.data[to:])
	der, err := builder.Sign(h.Sum(nil))
	if err != nil {
		p.t.Fatal(err)
	}
	if s.value != nil {
		der = s.value(slices.Concat(p.data[:from], p.data[to:]))
	}
	if s.contents != nil {
		der = s.contents(der)
	}
	hex.Encode(p.data[from+1:], der)
	return num
}

var testNow = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// verify judges the paper with the root of every party trusted.
func (p *paper) verify(trusted ...*cmstest.Party) *Report {
	p.t.Helper()
	return verifyBytes(p.t, p.data, trusted...)
}

func verifyBytes(t testing.TB, data []byte, trusted ...*cmstest.Party) *Report {
	t.Helper()
	opts := Options{Now: testNow}
	for _, party := range trusted {
		opts.Roots = append(opts.Roots, party.Root)
	}
	return verifyWith(t, data, opts)
}

func verifyWith(t testing.TB, data []byte, opts Options) *Report {
	t.Helper()
	r, err := File(context.Background(), bytes.NewReader(data), int64(len(data)), opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// allCodes are the codes of all findings of a report.
func allCodes(r *Report) []string {
	out := codes(r.Findings)
	for _, s := range r.Signatures {
		out = append(out, codes(s.Findings)...)
	}
	return out
}
