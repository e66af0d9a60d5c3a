package verify

import (
	"fmt"
	"testing"

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
