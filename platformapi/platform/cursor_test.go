package platform

import (
	"testing"
	"time"

	"sealdesk/platformapi"
)

func TestCursorIsGoodForItsListOnly(t *testing.T) {
	key := [32]byte{1}
	p := position{created: time.UnixMicro(1_700_000_000_123_456).UTC(), id: platformapi.NewID()}
	c := sealCursor(key, "list", p)
	if got, ok := openCursor(key, "list", c); !ok || got != p {
		t.Errorf("got %+v, %v", got, ok)
	}
	if _, ok := openCursor(key, "other list", c); ok {
		t.Error("good for another list")
	}
	if _, ok := openCursor([32]byte{2}, "list", c); ok {
		t.Error("good for another server")
	}
}

func FuzzCursor(f *testing.F) {
	key := [32]byte{1}
	f.Add(sealCursor(key, "list", position{created: time.UnixMicro(1), id: "018f0000-0000-7000-8000-000000000001"}))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, in string) {
		p, ok := openCursor(key, "list", in)
		if ok && sealCursor(key, "list", p) != in {
			t.Errorf("%q is not the only form of its position", in)
		}
	})
}

func FuzzMediaTypeAndName(f *testing.F) {
	f.Add("合同.pdf", []byte("%PDF-1.7"))
	f.Add(`C:\a\b.docx`, []byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		clean, err := fileName(name)
		if err == nil {
			if again, err := fileName(clean); err != nil || again != clean {
				t.Errorf("%q becomes %q becomes %q, %v", name, clean, again, err)
			}
		}
		if _, err := mediaType(readerAt(content)); err != nil {
			t.Error(err)
		}
	})
}
