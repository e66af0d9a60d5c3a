package choose

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/widgets"
)

// blank is the page under the dialog.
type blank struct{}

func (blank) Nav() string                { return "" }
func (blank) Title() string              { return "" }
func (blank) Content() fyne.CanvasObject { return widgets.Gap(1, 1) }
func (blank) Show(context.Context)       {}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What was typed last is what the blue button chooses, and not the folder that the list still shows.
func TestTheButtonTakesWhatWasTyped(t *testing.T) {
	home := t.TempDir()
	invoices := filepath.Join(home, "发票")
	ok(t, os.Mkdir(invoices, 0o700))
	ok(t, os.Mkdir(filepath.Join(home, "合同"), 0o700))
	file := filepath.Join(invoices, "发票1.pdf")
	ok(t, os.WriteFile(file, []byte("%PDF-1.7\n"), 0o600))
	w := pagetest.NewWorld(t)
	for _, test := range []struct {
		name    string
		folders bool
		typed   string
		pick    bool // one of the list is marked afterwards
		want    string
		says    string
	}{
		{name: "a folder", folders: true, typed: invoices, want: invoices},
		{name: "a folder below the one shown", folders: true, typed: "发票", want: invoices},
		{name: "one that is not there", folders: true, typed: filepath.Join(home, "没有"), says: "没有找到"},
		{name: "a file where a folder is wanted", folders: true, typed: file, says: "请选择文件夹"},
		{name: "a folder of the list, after all", folders: true, typed: invoices, pick: true, want: filepath.Join(home, "合同")},
		{name: "a file", typed: file, want: file},
		{name: "nothing typed", folders: true, want: home},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := pagetest.NewHost(t, w.Desk, w.Buyer())
			h.Open(blank{})
			got := ""
			d := newDialog(h, home, []string{"pdf"}, "", test.folders, func(path, _ string) { got = path })
			d.open()
			h.Until("the folder", func() bool { return len(d.list.entries) == 2 })
			if test.typed != "" {
				d.path.SetText(test.typed)
			}
			if test.pick {
				d.list.at = slices.IndexFunc(d.list.entries, func(e entry) bool { return e.name == "合同" })
				d.list.onPick(d.list.at)
			}
			if why := d.choose.Reason(); why != "" {
				t.Fatalf("it cannot be pressed: %s", why)
			}
			h.Press(d.choose.Text())
			h.Until("an answer", func() bool { return got != "" || test.says != "" && h.Says(test.says) })
			if got != test.want {
				t.Errorf("%q was chosen, not %q", got, test.want)
			}
		})
	}
}

// Who tries the demo finds its files by one press, wherever files were chosen last; who works sees no such place.
func TestTheDemosFilesAreAPlace(t *testing.T) {
	samples := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(samples, "合同.pdf"), []byte("%PDF-1.7\n"), 0o600))
	w := pagetest.NewWorld(t)
	d, err := desk.Open(t.Context(), desk.Config{Words: w.Desk.Words(), Folders: desk.Folders{Data: t.TempDir(), Cache: t.TempDir()}, Documents: samples})
	ok(t, err)
	t.Cleanup(func() { ok(t, d.Close()) })
	for _, of := range []*desk.Desk{d, w.Desk} {
		h := pagetest.NewHost(t, of, nil)
		h.Open(blank{})
		c := newDialog(h, t.TempDir(), []string{"pdf"}, "", false, func(string, string) {})
		c.open()
		if demo := of == d; h.Says("示范文件") != demo {
			t.Errorf("in the demo: %t, %q", demo, h.Texts())
		} else if demo {
			c.side.Objects[0].(*placeRow).Tapped(nil)
			h.Until("the sample", func() bool { return len(c.list.entries) == 1 })
			h.Picture("choose-samples")
		}
	}
}

// The keyboard is in the list as soon as the folder is read: Down, Enter.
func TestTheArrowsChooseAtOnce(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a.pdf", "b.pdf"} {
		ok(t, os.WriteFile(filepath.Join(folder, name), []byte("%PDF-1.7\n"), 0o600))
	}
	w := pagetest.NewWorld(t)
	h := pagetest.NewHost(t, w.Desk, w.Buyer())
	h.Open(blank{})
	got := ""
	d := newDialog(h, folder, []string{"pdf"}, "", false, func(path, _ string) { got = path })
	d.open()
	h.Until("the folder", func() bool { return len(d.list.entries) == 2 })
	if h.Window().Canvas().Focused() != fyne.Focusable(d.list) {
		t.Fatalf("the keyboard is at %T", h.Window().Canvas().Focused())
	}
	for _, key := range []fyne.KeyName{fyne.KeyDown, fyne.KeyReturn} {
		d.list.TypedKey(&fyne.KeyEvent{Name: key})
	}
	if got != filepath.Join(folder, "b.pdf") {
		t.Errorf("chosen: %q", got)
	}
}

// A path that was copied in a file manager is an address, in which other letters than those of English are written in figures.
func TestAnAddressOfAFileIsItsPath(t *testing.T) {
	for typed, path := range map[string]string{
		"file:///home/li/%E9%87%87%E8%B4%AD%20%E5%90%88%E5%90%8C.pdf": "/home/li/采购 合同.pdf",
		"'/home/li/100%.pdf'":      "/home/li/100%.pdf",
		"file:///home/li/100%.pdf": "/home/li/100%.pdf",
		"~/合同.pdf":                 "/home/li/合同.pdf",
		"合同.pdf":                   "/tmp/合同.pdf",
	} {
		if got := resolve(typed, "/tmp", "/home/li"); got != path {
			t.Errorf("%s is taken for %s", typed, got)
		}
	}
}
