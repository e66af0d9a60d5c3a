package choose

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const (
	dialogWidth = 780
	listHeight  = 348
	placesWidth = 148
)

// Open lets the person choose a file to read with one of the endings ("pdf"), beginning in folder. chosen is told the file
// and the folder that it was found in.
func Open(host page.Host, folder string, endings []string, chosen func(path, folder string)) {
	newDialog(host, folder, endings, "", false, chosen).open()
}

// Save lets the person choose where a new file is written, and its name. A file that exists is never chosen: another name
// is proposed.
func Save(host page.Host, folder, name string, chosen func(path, folder string)) {
	newDialog(host, folder, nil, name, false, chosen).open()
}

// Folder lets the person choose a folder: the one that is marked, or else the one that is open.
func Folder(host page.Host, folder string, chosen func(path, folder string)) {
	newDialog(host, folder, nil, "", true, chosen).open()
}

// shortcut goes to the field of the path.
var shortcut = &desktop.CustomShortcut{KeyName: fyne.KeyL, Modifier: fyne.KeyModifierControl}

// A dialog is one choosing of a file.
type dialog struct {
	host    page.Host
	endings []string
	chosen  func(path, folder string)
	ctx     context.Context // ends when the dialog is closed
	end     context.CancelFunc
	folder  string
	home    string
	places  []place
	saving  bool
	folders bool   // a folder is chosen, and no file
	wanted  string // the name as the person wants it, before another was proposed

	sheet  *widgets.Dialog
	path   *widgets.TextField
	name   *widgets.TextField
	field  *widgets.Field // of the name
	list   *entryList
	faces  *widgets.Faces
	side   *fyne.Container
	note   *widgets.Text
	choose *widgets.Button
}

func newDialog(host page.Host, folder string, endings []string, name string, folders bool, chosen func(path, folder string)) *dialog {
	t := host.Words().T
	d := &dialog{host: host, endings: endings, chosen: chosen, folder: folder, places: places(host.Desk().Samples()), saving: name != "", folders: folders, wanted: name}
	d.ctx, d.end = context.WithCancel(context.Background())
	d.home, _ = os.UserHomeDir()
	d.path = widgets.NewTextField(t("choose.path_hint"))
	d.path.OnChanged = func(string) { d.refresh() }
	d.path.OnSubmitted = func(typed string) { d.typedPath(typed, d.enter) }
	d.list = newEntryList()
	d.list.onPick = func(int) {
		d.path.SetText(d.folder) // what was chosen last counts
		d.refresh()
	}
	d.list.onOpen = d.openEntry
	d.list.onUp = d.up
	d.faces = widgets.NewFaces(widgets.Bare(d.list))
	d.side = widgets.Column(2)
	d.note = widgets.Quiet("")
	title, verb := "choose.open_title", "choose.open"
	switch {
	case d.folders:
		title, verb = "choose.folder_title", "choose.this_folder"
	case d.saving:
		title, verb = "choose.save_title", "choose.save"
		d.name = widgets.NewTextField(t("choose.name_hint"))
		d.name.SetText(name)
		d.name.OnChanged = func(s string) {
			d.wanted = s
			d.field.SetError("")
			d.refresh()
		}
		d.name.OnSubmitted = func(string) { d.confirm() }
		d.field = widgets.NewFieldAbove(t("choose.name"), true, d.name, "")
	}
	d.choose = widgets.NewButton(widgets.Primary, t(verb), d.confirm)
	cancel := widgets.NewButton(widgets.Secondary, t("button.cancel"), d.close)
	d.sheet = widgets.NewDialog(t(title), d.build(), cancel, d.choose).Wide(dialogWidth)
	if d.saving {
		d.sheet.FocusFirst(d.name)
	}
	if info, err := os.Stat(folder); folder == "" || err != nil || !info.IsDir() {
		d.folder = d.start()
	}
	d.path.SetText(d.folder)
	d.refresh() // a button that cannot be pressed yet does not get the keyboard
	return d
}

// start is where a person's documents usually are.
func (d *dialog) start() string {
	for _, key := range []string{"documents", "home"} {
		for _, p := range d.places {
			if p.key == key {
				return p.path
			}
		}
	}
	return string(filepath.Separator)
}

func (d *dialog) build() fyne.CanvasObject {
	t := d.host.Words().T
	up := widgets.NewIconButton(theme.IconUp, d.up)
	top := widgets.Row(8, up, widgets.Grow(d.path))
	head := widgets.Filled(theme.Head, widgets.Fixed(0, 34, widgets.Pad(0, 12, 0, 12, widgets.Row(10,
		widgets.Gap(18, 1), widgets.Grow(widgets.NewText(t("choose.col_name"), theme.TextCaption, theme.Text2).Clip()),
		widgets.Fixed(sizeWidth, 0, widgets.NewText(t("choose.col_size"), theme.TextCaption, theme.Text2).Align(fyne.TextAlignTrailing)),
		widgets.Fixed(dateWidth, 0, widgets.NewText(t("choose.col_date"), theme.TextCaption, theme.Text2))))))
	entries := widgets.Border(widgets.Column(0, head, widgets.HLine()), nil, nil, nil, d.faces)
	left := widgets.Fixed(placesWidth, 0, widgets.Filled(theme.Head, widgets.Pad(8, 8, 8, 8, widgets.Column(0, d.side, widgets.Spacer()))))
	middle := widgets.Fixed(0, listHeight, widgets.Card(widgets.Pad(1, 1, 1, 1,
		widgets.Border(nil, nil, widgets.Border(nil, nil, nil, widgets.VLine(), left), nil, entries))))
	col := []fyne.CanvasObject{top, middle}
	if d.saving {
		col = append(col, d.field)
	}
	return widgets.Column(12, append(col, d.note.Clip())...)
}

func (d *dialog) open() {
	c := d.host.Window().Canvas()
	c.AddShortcut(shortcut, func(fyne.Shortcut) { d.path.Focus() })
	d.host.Dialog(d.sheet)
	d.enter(d.folder)
}

func (d *dialog) close() {
	d.end()
	d.host.Window().Canvas().RemoveShortcut(shortcut)
	d.sheet.Close()
}

// enter goes to a folder.
func (d *dialog) enter(dir string) {
	d.folder = dir
	d.path.SetText(dir)
	d.note.SetText("")
	d.drawPlaces()
	d.list.fill(nil)
	d.refresh()
	d.faces.Loading()
	endings := d.endings
	if ext := filepath.Ext(d.wanted); d.saving && ext != "" {
		endings = []string{strings.ToLower(ext[1:])}
	}
	var entries []entry
	var cut bool
	proposal := d.wanted
	d.host.Do(d.ctx, func(ctx context.Context) (err error) {
		entries, cut, err = readFolder(ctx, dir, endings)
		if d.folders {
			entries = slices.DeleteFunc(entries, func(e entry) bool { return !e.folder })
		}
		if d.saving {
			proposal = freeName(dir, filepath.Base(proposal))
		}
		return err
	}, func(err error) {
		if dir != d.folder {
			return // the person went on meanwhile
		}
		d.show(entries, cut, err)
		if d.saving && d.wanted != "" && proposal != d.wanted {
			d.propose(proposal)
		}
	})
}

func (d *dialog) show(entries []entry, cut bool, err error) {
	t := d.host.Words().T
	switch {
	case err != nil:
		d.faces.Failed(d.trouble(err), widgets.NewButton(widgets.Secondary, t("button.retry"), func() { d.enter(d.folder) }))
	case len(entries) == 0 && len(d.endings) > 0:
		d.faces.Empty(t("choose.none_fits", "endings", strings.Join(d.endings, "、")), nil)
	case len(entries) == 0 && d.folders:
		d.faces.Empty(t("choose.no_folders"), nil)
	case len(entries) == 0:
		d.faces.Empty(t("choose.empty"), nil)
	default:
		d.list.fill(entries)
		d.faces.Filled()
		if c := d.host.Window().Canvas(); c.Focused() == nil {
			if !d.folders { // what is open is chosen until one in it is marked
				c.Focus(d.list) // the arrows choose
			}
		}
	}
	if cut {
		d.note.SetText(t("choose.cut", "count", mostEntries))
	}
	d.refresh()
}

func (d *dialog) trouble(err error) widgets.ErrorText {
	t := d.host.Words().T
	reason := "unreadable"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		reason = "gone"
	case errors.Is(err, fs.ErrPermission):
		reason = "forbidden"
	}
	return widgets.ErrorText{What: t("choose."+reason, "folder", d.folder), Do: t("choose.other_folder")}
}

func (d *dialog) drawPlaces() {
	d.side.Objects = nil
	for _, p := range d.places {
		d.side.Add(newPlaceRow(d.host.Words().T("choose.place_"+p.key), p, p.path == d.folder, func() { d.enter(p.path) }))
	}
	d.side.Refresh()
}

func (d *dialog) up() {
	if parent := filepath.Dir(d.folder); parent != d.folder {
		d.enter(parent)
	}
}

// openEntry is what Enter and two presses do.
func (d *dialog) openEntry(i int) {
	e := d.list.entries[i]
	switch {
	case e.folder:
		d.enter(filepath.Join(d.folder, e.name))
	case d.saving:
		d.name.SetText(e.name)
		d.confirm()
	default:
		d.take(filepath.Join(d.folder, e.name))
	}
}

// typedPath chooses the file that was typed; what becomes of a folder is said by whoever asks.
func (d *dialog) typedPath(typed string, folder func(string)) {
	t := d.host.Words().T
	path := resolve(typed, d.folder, d.home)
	var info fs.FileInfo
	d.host.Do(d.ctx, func(context.Context) (err error) {
		info, err = os.Stat(path)
		return err
	}, func(err error) {
		d.path.SetWrong(false)
		switch {
		case err == nil && info.IsDir():
			folder(path)
		case d.saving && errors.Is(err, fs.ErrNotExist):
			d.name.SetText(filepath.Base(path))
			d.enter(filepath.Dir(path))
		case err != nil:
			d.path.SetWrong(true)
			d.note.SetText(t("choose.no_such", "path", path))
		case d.saving:
			d.name.SetText(filepath.Base(path))
			d.enter(filepath.Dir(path))
		case d.folders:
			d.path.SetWrong(true)
			d.note.SetText(t("choose.folder_wanted"))
		case !fits(path, d.endings):
			d.path.SetWrong(true)
			d.note.SetText(t("choose.wrong_ending", "endings", strings.Join(d.endings, "、")))
		default:
			d.take(path)
		}
	})
}

// refresh says why nothing can be chosen yet.
func (d *dialog) refresh() {
	t := d.host.Words().T
	reason := ""
	switch {
	case d.saving && strings.TrimSpace(d.name.Text()) == "":
		reason = t("choose.why_name")
	case d.saving && strings.ContainsAny(d.name.Text(), `/\`):
		reason = t("choose.why_slash")
	case d.folders, d.typed():
	case !d.saving && (d.list.at < 0 || d.list.at >= len(d.list.entries)):
		reason = t("choose.why_none")
	}
	d.choose.SetReason(reason)
}

// typed tells that another path was typed than that of the folder which the list shows.
func (d *dialog) typed() bool { return d.path.Text() != d.folder }

// confirm is the blue button: it opens what is chosen, or takes the new name if no file has it. A path that was typed is gone
// to first, as the folder in the list is not the one that the person means.
func (d *dialog) confirm() {
	if d.choose.Reason() != "" {
		return
	}
	if d.typed() {
		folder := d.enter
		if d.folders {
			folder = d.take
		}
		d.typedPath(d.path.Text(), folder)
		return
	}
	if d.folders {
		path := d.folder
		if d.list.at >= 0 && d.list.at < len(d.list.entries) {
			path = filepath.Join(path, d.list.entries[d.list.at].name)
		}
		d.take(path)
		return
	}
	if !d.saving {
		d.openEntry(d.list.at)
		return
	}
	dir, name := d.folder, strings.TrimSpace(d.name.Text())
	var free string
	d.host.Do(d.ctx, func(context.Context) error {
		free = freeName(dir, name)
		return nil
	}, func(error) {
		if free != name {
			d.propose(free)
			return
		}
		d.take(filepath.Join(dir, name))
	})
}

// propose puts a name in that is free and says why.
func (d *dialog) propose(name string) {
	wanted := d.wanted
	d.name.SetText(name)
	d.wanted = wanted
	d.field.SetHint(d.host.Words().T("choose.exists", "name", wanted))
}

func (d *dialog) take(path string) {
	d.close()
	d.chosen(path, filepath.Dir(path))
}
