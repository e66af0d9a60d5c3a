package verify

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

// compress appends a revision with a cross-reference stream, in which these
// objects stand in an object stream under the number container. The unlisted
// ones get no entry.
func (p *paper) compress(objs map[int]string, container int, unlisted ...int) {
	var list []packed
	for _, num := range slices.Sorted(maps.Keys(objs)) {
		list = append(list, packed{num, objs[num]})
	}
	p.compressList(list, container, unlisted...)
}

// packed is an object in a stream.
type packed struct {
	num  int
	text string
}

// compressList does so in the order of a list; of an object that is in it twice the last one is listed.
func (p *paper) compressList(list []packed, container int, unlisted ...int) {
	var index, body strings.Builder
	places := map[int]int{}
	for i, o := range list {
		fmt.Fprintf(&index, "%d %d ", o.num, body.Len())
		body.WriteString(o.text + "\n")
		p.objects[o.num], places[o.num] = o.text, i
		p.size = max(p.size, o.num+1)
	}
	p.size = max(p.size, container+1)
	xrefNum := p.size
	p.size++

	var rows []byte
	var subsections strings.Builder
	row := func(num, kind, a, b int) {
		fmt.Fprintf(&subsections, "%d 1 ", num)
		rows = append(rows, byte(kind))
		rows = binary.BigEndian.AppendUint32(rows, uint32(a))
		rows = append(rows, byte(b))
	}
	row(container, 1, len(p.data), 0)
	p.data = fmt.Appendf(p.data, "%d 0 obj\n%s\nendobj\n", container,
		stream(fmt.Sprintf("/Type /ObjStm /N %d /First %d", len(list), index.Len()), index.String()+body.String()))
	for _, num := range slices.Sorted(maps.Keys(places)) {
		if !slices.Contains(unlisted, num) {
			row(num, 2, container, places[num])
		}
	}
	xref := len(p.data)
	row(xrefNum, 1, xref, 0)
	p.data = fmt.Appendf(p.data, "%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n", xrefNum,
		stream(fmt.Sprintf("/Type /XRef /W [1 4 1] /Index [%s] /Size %d /Root 1 0 R %s /Prev %d", subsections.String(), p.size, p.trailer, p.prev), string(rows)), xref)
	p.prev = xref
}

// TestStreams judges revisions that keep objects in streams.
func TestStreams(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	base := newPaper(t)
	base.compress(map[int]string{objFont: "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"}, 30)
	base.sign(buyer, signing{})
	emptyField := func(p *paper, page string) map[int]string {
		fields := refList(append(p.fields, 60))
		return map[int]string{objForm: "<< /Fields " + fields + " /SigFlags 3 >>", objPage: page,
			60: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (empty) /P 3 0 R /F 4 /Rect [0 0 9 9] >>"}
	}
	for _, tc := range []struct {
		name   string
		follow func(p *paper)
		valid  bool
	}{
		{"nothing", func(p *paper) {}, true},
		{"metadata", func(p *paper) { p.compress(map[int]string{objInfo: "<< /Title (x) >>"}, 70) }, true},
		{"twice", func(p *paper) {
			p.compress(map[int]string{objInfo: "<< /Title (x) >>"}, 70)
			p.compress(map[int]string{objInfo: "<< /Title (y) >>"}, 80)
		}, true},
		{"empty field", func(p *paper) { p.compress(emptyField(p, p.pageWith("Annots", refList(append(p.annots, 60)))), 70) }, true},
		{"the same objects", func(p *paper) {
			p.compress(map[int]string{objFont: p.objects[objFont], objPage: p.objects[objPage]}, 70)
		}, true},
		{"other font", func(p *paper) { p.compress(map[int]string{objFont: p.objects[objFont] + " "}, 70) }, true},
		{"other font in fact", func(p *paper) {
			p.compress(map[int]string{objFont: "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"}, 70)
		}, false},
		{"container replaced", func(p *paper) {
			p.compress(map[int]string{objFont: "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"}, 30)
		}, false},
		{"container replaced with the same", func(p *paper) { p.compress(map[int]string{objInfo: "<< >>"}, 30) }, false},
		{"container that was an object", func(p *paper) { p.compress(map[int]string{objInfo: "<< >>"}, objText) }, false},
		{"a key twice, the last one innocent", func(p *paper) {
			page := strings.Replace(p.pageWith("Annots", refList(append(p.annots, 60))), "<<", "<< /Contents 61 0 R", 1)
			p.compress(emptyField(p, page), 70)
		}, false},
		{"a hidden object beside", func(p *paper) { p.compress(map[int]string{objInfo: "<< >>", 90: "<< /Type /Page >>"}, 70) }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := base.clone()
			p.t = t
			tc.follow(p)
			if r := p.verify(buyer); r.Valid() != tc.valid {
				t.Errorf("%s: %v; changes %v", r.Verdict, allCodes(r), changes(r))
				for _, f := range r.Findings {
					t.Log(f.Message)
				}
			}
		})
	}
}
