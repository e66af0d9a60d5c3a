package desk

import (
	"testing"

	"sealdesk/ui/desk/link"
	"sealdesk/ui/desk/platforms"
)

// A link leads to the platform that one is at, and to no other; what it says changes nothing.
func TestALinkLeadsToTheOwnPlatformOnly(t *testing.T) {
	book, err := platforms.Open(t.TempDir(), "")
	must(t, err)
	here, err := book.Add(platforms.Profile{Name: "甲", Address: "https://a.example.cn"})
	must(t, err)
	_, err = book.Add(platforms.Profile{Name: "乙", Address: "https://b.example.cn"})
	must(t, err)
	w := newWorld(t)
	d := w.desk("one")
	d.cfg.Book, d.at = book, &here
	const id = "2f1c7c8e-0b5e-4c3e-9d3a-1a2b3c4d5e6f"
	must(t, d.Follows(link.Link{Platform: "https://a.example.cn", Contract: id}))
	w.told(d.Follows(link.Link{Platform: "https://b.example.cn", Contract: id}), "desk.link_elsewhere")
	w.told(d.Follows(link.Link{Platform: "https://evil.example", Contract: id}), "desk.link_unknown")
	if at, _ := d.Platform(); at.Address != here.Address || len(book.List()) != 2 {
		t.Errorf("at %+v of %+v", at, book.List())
	}
}
