package verify

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
)

// TestEveryByteOfALaterRevisionBelongsToIt: also those between two of its objects, and to one of them only.
func TestEveryByteOfALaterRevisionBelongsToIt(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	base := newPaper(t)
	base.sign(buyer, signing{})
	info, font := "6 0 obj\n<< /Title (x) >>\nendobj\n", "60 0 obj\n<< /Type /Font >>\nendobj\n"
	inside := "60 0 obj\n" + stream("", "\n61 0 obj\n<< /Type /Font >>\nendobj\n") + "\nendobj\n"
	for _, tc := range []struct {
		name, between, second string
		more                  string // of the table; %d is where second begins
		want                  string // empty: valid
	}{
		{"nothing", "", font, "", ""},
		{"white space", "\r\n \t\n", font, "", ""},
		{"a comment", "% by hand\n", font, "", ""},
		{"an object that is not listed", "4 0 obj\n" + evilText + "\nendobj\n", font, "", "verify.modified|belong to no object"},
		{"words", "endobj\n", font, "", "verify.modified|belong to no object"},
		{"an object in another one's stream", "", inside, "61 1\n%010d 00000 n \n", "verify.modified|overlap"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := base.clone()
			p.t = t
			first := len(p.data)
			p.data = append(p.data, info+tc.between...)
			second := len(p.data)
			p.data = append(p.data, tc.second...)
			xref := len(p.data)
			p.data = fmt.Appendf(p.data, "xref\n6 1\n%010d 00000 n \n60 1\n%010d 00000 n \n", first, second)
			if tc.more != "" {
				p.data = fmt.Appendf(p.data, tc.more, second+len("60 0 obj\n<<  /Length 34 >>\nstream\n\n"))
			}
			p.data = fmt.Appendf(p.data, "trailer\n<< /Size 62 /Root 1 0 R %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n", p.trailer, p.prev, xref)
			r := p.verify(buyer)
			if tc.want == "" && !r.Valid() || tc.want != "" && (r.Verdict != Invalid || !found(r, tc.want)) {
				t.Errorf("%s %v; %v", r.Verdict, allCodes(r), r.Signatures[0].Findings)
			}
		})
	}
}

// TestASignatureCoversARevisionToItsOwnEnd: where the end is missing, or leads to an earlier table, a program that reads
// what was signed as a file of its own repairs it, or sees an earlier document.
func TestASignatureCoversARevisionToItsOwnEnd(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	for _, tc := range []struct {
		name string
		end  func(earlier int, end string) string // what stands there in the place of the end
		want string                               // empty: valid
	}{
		{"its own", func(_ int, end string) string { return end }, ""},
		{"missing", func(_ int, end string) string { return strings.Repeat(" ", len(end)) }, "verify.not_whole_revision"},
		{"another's", func(earlier int, end string) string {
			return fmt.Sprintf("startxref\n%0*d\n%%%%EOF\n", len(end)-len("startxref\n\n%%EOF\n"), earlier)
		}, "verify.not_whole_revision"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			earlier := p.prev
			p.sign(buyer, signing{value: func(covered []byte) []byte {
				end := fmt.Sprintf("startxref\n%d\n%%%%EOF\n", p.prev)
				other := tc.end(earlier, end)
				p.data = append(bytes.TrimSuffix(p.data, []byte(end)), other...)
				builder := cms.Builder{Signer: buyer.Key, Chain: buyer.Chain}
				h, err := builder.Hash()
				if err != nil {
					t.Fatal(err)
				}
				h.Write(bytes.TrimSuffix(covered, []byte(end)))
				h.Write([]byte(other))
				der, err := builder.Sign(h.Sum(nil))
				if err != nil {
					t.Fatal(err)
				}
				return der
			}})
			p.update(map[int]string{objInfo: "<< /Title (x) >>"})
			r := p.verify(buyer)
			if tc.want == "" && !r.Valid() || tc.want != "" && (r.Verdict != Invalid || !found(r, tc.want)) {
				t.Errorf("%s %v; %v", r.Verdict, allCodes(r), r.Signatures[0].Findings)
			}
		})
	}
}
