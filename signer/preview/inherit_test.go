package preview

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

const plain = "%PDF-1.7\n1 0 obj\n<</Pages 2 0 R>>\nendobj\n" +
	"2 0 obj\n<</Kids[3 0 R]/Resources 4 0 R>>\nendobj\n3 0 obj\n<</Type/Page/T(a\\)b)>>\nendobj\n" +
	"xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000041 00000 n \n0000000089 00000 n \n" +
	"trailer\n<</Root 1 0 R/Size 5>>\nstartxref\n127\n%%EOF\n"

func TestOwnResources(t *testing.T) {
	out, err := ownResources([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(out, []byte(plain)) {
		t.Error("the original bytes changed")
	}
	tail := string(out[len(plain):])
	if !strings.Contains(tail, "3 0 obj\n<</Type/Page/T(a\\)b)/Resources 4 0 R >>\nendobj") || !strings.Contains(tail, "/Prev 127>>") {
		t.Errorf("appended %q", tail)
	}
	own := strings.Replace(plain, "/Type/Page/T(a\\)b)", "/Resources<<>>/A 1", 1)
	if again, err := ownResources([]byte(own)); err != nil || string(again) != own {
		t.Errorf("a page with its own resources was rewritten: %v", err)
	}
}

func TestOwnResourcesOfOddTrees(t *testing.T) {
	for _, c := range []struct {
		kids string
		ok   bool
	}{{"[3 0 R 3 0 R]", true}, {"[2 0 R]", false}, {"[9 0 R]", false}, {"[[[[[[[", false}, {"[3 0 R", false}} {
		// The table of the changed file is wrong behind the change, where only
		// object 3 and the table itself lie; both move by the same length.
		odd := strings.Replace(plain, "[3 0 R]", c.kids, 1)
		by := len(c.kids) - len("[3 0 R]")
		odd = strings.Replace(odd, "0000000089", fmt.Sprintf("%010d", 89+by), 1)
		odd = strings.Replace(odd, "\n127\n", fmt.Sprintf("\n%d\n", 127+by), 1)
		if _, err := ownResources([]byte(odd)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.kids, err)
		}
	}
}

func FuzzOwnResources(f *testing.F) {
	f.Add([]byte(plain))
	f.Add([]byte(strings.Replace(plain, "[3 0 R]", "[2 0 R]", 1)))
	f.Add([]byte(strings.Replace(plain, "[3 0 R]", "[[[[[[[", 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := ownResources(data)
		if err == nil && !bytes.HasPrefix(out, data) {
			t.Fatal("the original bytes changed")
		}
	})
}
