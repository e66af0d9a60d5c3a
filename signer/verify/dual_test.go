package verify

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

// TestObjectsThatAreTwoThings: what a file reads by way of its cross-reference sections may not be exchanged by a rule that
// takes it for something else that nobody sees.
func TestObjectsThatAreTwoThings(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	const container = 30
	hand := func(font string) map[int]string {
		return map[int]string{objFont: "<< /Type /Font /Subtype /Type1 /BaseFont /" + font + " >>"}
	}
	// again is the object stream anew, with another font in the place of the old one.
	again := func(p *paper) string {
		q := p.clone()
		q.compress(hand("Symbol"), container)
		_, text, _ := strings.Cut(string(q.data[len(p.data):]), "30 0 obj\n")
		text, _, _ = strings.Cut(text, "\nendobj")
		return text
	}
	fillable := signing{root: map[string]string{"Perms": "<< /DocMDP SIG 0 R >>"},
		sig: "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 /V /1.2 >> >>]"}
	for _, tc := range []struct {
		name, why      string
		before, follow func(p *paper) // before signs, too
	}{
		{"an object stream that is private data", "verify.modified|object stream 30", func(p *paper) {
			p.compress(hand("Courier"), container)
			p.root["PieceInfo"] = "<< /X << /Private 30 0 R >> >>"
			p.sign(buyer, signing{})
		}, func(p *paper) { p.update(map[int]string{container: again(p)}) }},
		{"an object stream that is the information dictionary's", "verify.modified|object stream 30", func(p *paper) {
			p.compress(hand("Courier"), container)
			p.update(map[int]string{objInfo: "<< /X 30 0 R >>"})
			p.sign(buyer, signing{})
		}, func(p *paper) { p.update(map[int]string{container: again(p)}) }},
		{"an object stream that is a field's look", "verify.modified|object stream 30", func(p *paper) {
			p.compress(hand("Courier"), container)
			p.fields, p.annots = []int{20}, []int{20}
			p.update(map[int]string{20: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (total) /V (100) /P 3 0 R /Rect [72 600 200 620] /AP << /N 30 0 R >> >>"})
			p.sign(buyer, fillable)
		}, func(p *paper) { p.update(map[int]string{container: again(p)}) }},
		{"a cross-reference stream that is a page's text", "verify.modified|object 32", func(p *paper) {
			p.compress(hand("Courier"), 31) // 32 is the cross-reference stream
			p.page["Contents"] = "[4 0 R 32 0 R]"
			p.sign(buyer, signing{})
		}, func(p *paper) {
			at := len(p.data) // the next one is, too, with a text behind its entries
			entry := append(binary.BigEndian.AppendUint32([]byte{1}, uint32(at)), 0)
			p.data = fmt.Appendf(p.data, "32 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n",
				stream(fmt.Sprintf("/Type /XRef /W [1 4 1] /Index [32 1] /Size %d /Root 1 0 R %s /Prev %d", p.size, p.trailer, p.prev),
					string(entry)+"\nBT /F1 24 Tf 72 700 Td (Pay 900 yuan) Tj ET\n"), at)
		}},
		{"a number that an object stream needs", "verify.modified|object 33", func(p *paper) {
			at := len(p.data)
			const kept = "<< /BaseFont /Symbol /Subtype /Type1 /Type /Font >> << /BaseFont /Courier /Subtype /Type1 /Type /Font >>"
			p.data = fmt.Appendf(p.data, "30 0 obj\n%s\nendobj\n", stream("/Type /ObjStm /N 1 /First 33 0 R", "5 0 "+kept))
			first := len(p.data)
			p.data = fmt.Appendf(p.data, "33 0 obj\n%d\nendobj\n", strings.Index(kept, "> ")+len("5 0 > "))
			xref, size := len(p.data), 35
			var rows []byte
			for _, e := range [][3]int{{2, 30, 0}, {1, at, 0}, {1, first, 0}, {1, xref, 0}} {
				rows = append(binary.BigEndian.AppendUint32(append(rows, byte(e[0])), uint32(e[1])), byte(e[2]))
			}
			p.data = fmt.Appendf(p.data, "34 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n",
				stream(fmt.Sprintf("/Type /XRef /W [1 4 1] /Index [5 1 30 1 33 2] /Size %d /Root 1 0 R %s /Prev %d", size, p.trailer, p.prev), string(rows)), xref)
			p.prev, p.size = xref, size
			p.root["PieceInfo"] = "<< /X << /Private 33 0 R >> >>"
			p.sign(buyer, signing{})
		}, func(p *paper) { p.update(map[int]string{33: "4"}) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			tc.before(p)
			if r := p.verify(buyer); !r.Valid() {
				t.Fatalf("before: %s %v", r.Verdict, allCodes(r))
			}
			tc.follow(p)
			if r := p.verify(buyer); r.Verdict != Invalid || !found(r, tc.why) {
				t.Errorf("%s with %v, want %s; changes %v", r.Verdict, allCodes(r), tc.why, changes(r))
			}
		})
	}
}

// TestOtherReaders: where readers differ, what one of them shows is not changed by what another does not see. Some take an object
// from its stream by its number and not by its place, and some follow a reference whatever its generation.
func TestOtherReaders(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	empty := "<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /P 3 0 R /Rect 51 %d R /AP << /N 52 0 R >> >>"
	cover := func(generation int) func(p *paper) {
		return func(p *paper) {
			p.update(map[int]string{objForm: "<< /Fields " + refList(append(p.fields, 50)) + " /SigFlags 3 >>", objPage: p.pageWith("Annots", refList(append(p.annots, 50))),
				50: fmt.Sprintf(empty, generation), 51: "[72 690 400 730]", 52: stream("/Subtype /Form /BBox [0 0 1 1]", "0 0 1 1 re f")})
		}
	}
	bordered := func(entry string) func(p *paper) {
		return func(p *paper) {
			p.update(map[int]string{objForm: "<< /Fields " + refList(append(p.fields, 50)) + " /SigFlags 3 >>", 50: "<< /FT /Sig /T (x) " + entry + " >>"})
		}
	}
	for _, tc := range []struct {
		name, why      string // why is empty for what is allowed
		before, follow func(p *paper)
	}{
		{"a page twice in its object stream", "verify.modified|object_twice", func(p *paper) {}, func(p *paper) {
			evil := strings.Replace(p.objects[objPage], "/Contents 4 0 R", "/Contents 5 0 R", 1)
			p.compressList([]packed{{objPage, evil}, {objPage, p.objects[objPage]}}, 70)
		}},
		{"a text by way of another generation", "verify.modified|object 61", func(p *paper) {
			p.page["Contents"] = "[4 0 R 60 7 R]"
			p.root["PieceInfo"] = "<< /X 61 0 R >>"
			p.update(map[int]string{60: "[61 0 R]", 61: stream("", "")})
		}, func(p *paper) { p.update(map[int]string{61: evilText}) }},
		{"a picture over the page", "verify.modified|without a signer", func(p *paper) {}, cover(0)},
		{"a picture over the page at a place of another generation", "verify.modified|object 51, which is not there", func(p *paper) {}, cover(1)},
		{"a place that is not there", "verify.modified|object 99, which is not there", func(p *paper) {}, func(p *paper) {
			p.update(map[int]string{objForm: "<< /Fields " + refList(append(p.fields, 50)) + " /SigFlags 3 >>", 50: strings.Replace(fmt.Sprintf(empty, 0), "51 0 R", "99 0 R", 1), 52: stream("/Subtype /Form", "")})
		}},
		{"a border that was deleted", "verify.modified|object 51, which is not there", func(p *paper) {
			p.update(map[int]string{51: "<< >>"})
			p.update(map[int]string{51: ""})
		}, bordered("/BS 51 0 R")},
		{"a border of number 0", "", func(p *paper) {}, bordered("/BS 0 0 R")},
		{"a border of number 0 in another generation", "", func(p *paper) {}, bordered("/BS << /D 0 65535 R >>")},
		{"a border's part of number 0", "verify.modified|object 0, which is not there", func(p *paper) {}, bordered("/Border [0 0 0 0 R]")},
		{"a border that is free", "verify.modified|object 60, which is not there", func(p *paper) { p.update(map[int]string{60: ""}) }, bordered("/BS 60 0 R")},
		{"information of number 0", "", func(p *paper) {}, func(p *paper) {
			p.trailer = strings.Replace(p.trailer, "/Info 6 0 R", "/Info 0 0 R", 1)
			p.update(nil)
		}},
		{"information that is not there", "verify.modified|trailer refers to object 99", func(p *paper) {}, func(p *paper) {
			p.trailer = strings.Replace(p.trailer, "/Info 6 0 R", "/Info 99 0 R", 1)
			p.update(nil)
		}},
		{"a generation that was another before", "", func(p *paper) { p.page["Other"] = "5 7 R" }, func(p *paper) { p.sign(buyer, signing{}) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			tc.before(p)
			p.sign(buyer, signing{})
			if r := p.verify(buyer); !r.Valid() {
				t.Fatalf("before: %s %v", r.Verdict, allCodes(r))
			}
			tc.follow(p)
			r := p.verify(buyer)
			if tc.why == "" && !r.Valid() || tc.why != "" && (r.Verdict != Invalid || !found(r, tc.why)) {
				t.Errorf("%s with %v, want %s; changes %v", r.Verdict, allCodes(r), tc.why, changes(r))
			}
		})
	}
}
