package form

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/clean"
	"sealdesk/ui/pages/stamp"
	"sealdesk/ui/pages/view"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// What may be attached.
var (
	filingEndings  = []string{"doc", "docx", "pdf"}
	invoiceEndings = []string{"pdf", "ofd", "png", "jpg", "jpeg"}
)

// The columns of 03 附件信息.
const (
	kindWidth   = 92
	chipWidth   = 76
	noteWidth   = 150
	actionWidth = 232
	maxNote     = 200
)

// files are 03 附件信息: the contract's file on its way to the seal, and invoices.
type files struct {
	p        *Page
	part     *part
	zone     *widgets.DropZone // for the contract's file, while there is none
	invoices fyne.CanvasObject // where a drop means an invoice
	step     fyne.Focusable    // what the contract's file waits for; nil where that is not done here
	typed    map[string]*widgets.TextField
	busy     bool // a file is being copied
}

func newFiles(p *Page) *files {
	return &files{p: p, part: newPart(), typed: map[string]*widgets.TextField{}}
}

// notes are the remarks that stand in the fields.
func (f *files) notes() map[string]string {
	out := map[string]string{}
	for id, field := range f.typed {
		out[id] = field.Text()
	}
	return out
}

// fileRow is what one line shows.
type fileRow struct {
	kind     string
	required bool
	file     string // name, empty when there is none
	detail   string
	chip     string
	tone     theme.Tone
	note     string
	noteOf   string // attachment that the note is typed for; empty when it is only told
	next     *widgets.Button
	actions  []widgets.Action
}

func (f *files) draw() {
	p := f.p
	v := p.view
	if !f.part.fresh(v.State, v.Filing, notesLeft(v.Invoices), v.Received, v.Attachments, v.Starter, p.editableState(), len(v.Waiting), f.next(), f.busy) {
		return
	}
	f.typed = map[string]*widgets.TextField{}
	c := p.host.Window().Canvas()
	onStep := f.step != nil && c.Focused() == f.step
	f.zone, f.step = nil, nil
	filing := f.filing()
	if filing.next != nil {
		f.step = filing.next
	}
	col := []fyne.CanvasObject{f.head(), widgets.HLine(), f.line(filing)}
	if v.Filing.Stage() == desk.StageNone && v.Received == nil && p.editableState() {
		f.zone = widgets.NewDropZone(p.t("form.drop"), p.t("form.drop_note"), f.chooseFiling).High(104)
		f.step = f.zone
		col = append(col, widgets.Pad(0, 0, 14, 0, f.zone))
	}
	col = append(col, widgets.HLine())
	invoices := widgets.Column(0)
	for i, r := range f.invoiceRows() {
		if i > 0 {
			invoices.Add(widgets.HLine())
		}
		invoices.Add(f.line(r))
	}
	f.invoices = invoices
	col = append(col, invoices)
	for _, r := range f.voidRows() {
		col = append(col, widgets.HLine(), f.line(r))
	}
	sub := ""
	if p.editableState() {
		sub = p.t("form.files_sub")
	}
	f.part.put(widgets.Section("03", p.t("form.files"), sub, widgets.Pad(0, 0, 10, 0, widgets.Column(0, col...))))
	if onStep && f.step != nil { // the keyboard goes on with the file
		c.Focus(f.step)
	}
}

// notesLeft leaves the notes out of what makes the rows anew, for they are being typed.
func notesLeft(files []desk.File) []desk.File {
	files = slices.Clone(files)
	for i := range files {
		files[i].Note, files[i].NoteSent = "", ""
	}
	return files
}

func (f *files) head() fyne.CanvasObject {
	t := func(key string) fyne.CanvasObject {
		return widgets.NewText(f.p.t(key), theme.TextTable, theme.Text2).Bold().Clip()
	}
	return widgets.Fixed(0, 34, widgets.Row(theme.TableGap, widgets.Fixed(kindWidth, 0, t("form.col_kind")), widgets.Grow(t("form.col_file")),
		widgets.Fixed(chipWidth, 0, t("form.col_stage")), widgets.Fixed(noteWidth, 0, t("form.col_note")), widgets.Fixed(actionWidth, 0, t("form.col_actions"))))
}

func (f *files) line(r fileRow) fyne.CanvasObject {
	p := f.p
	kind := []fyne.CanvasObject{}
	if r.required {
		kind = append(kind, widgets.NewText("*", theme.TextBody, theme.Red).Bold())
	}
	kind = append(kind, widgets.Grow(widgets.NewText(r.kind, theme.TextBody, theme.Text).Clip()))
	name := widgets.NewText(r.file, theme.TextTable, theme.Text).Clip()
	if r.file == "" {
		name = widgets.NewText(p.t("form.no_file"), theme.TextTable, theme.Text3).Clip()
	}
	words := widgets.Column(1, name)
	if r.detail != "" {
		words.Add(widgets.Quiet(r.detail).Clip())
	}
	var note fyne.CanvasObject = widgets.NewText(r.note, theme.TextTable, theme.Text2).Clip()
	if r.noteOf != "" {
		field := widgets.NewTextField(p.t("form.note_hint"))
		field.SetText(r.note)
		field.OnChanged = func(string) { p.changed() }
		f.typed[r.noteOf] = field
		note = field
	}
	chip := widgets.Row(0)
	if r.chip != "" {
		chip.Add(widgets.NewChip(r.chip, r.tone))
	}
	return widgets.Pad(9, 0, 9, 0, widgets.Row(theme.TableGap, widgets.Fixed(kindWidth, 0, widgets.Row(3, kind...)), widgets.Grow(words),
		widgets.Fixed(chipWidth, 0, chip), widgets.Fixed(noteWidth, 0, note), widgets.Fixed(actionWidth, 0, f.actions(r))))
}

// actions are the next step as a button, what is done often as words, and the rest in a menu.
func (f *files) actions(r fileRow) fyne.CanvasObject {
	row := widgets.Row(14)
	words := 3
	if r.next != nil {
		row.Add(r.next)
		words = 1
	}
	link := func(a widgets.Action) *widgets.Button {
		b := widgets.NewButton(widgets.Link, a.Text, a.Do)
		b.SetReason(a.Why)
		return b
	}
	if len(r.actions) <= words {
		words = len(r.actions)
	} else {
		words--
	}
	for _, a := range r.actions[:words] {
		row.Add(link(a))
	}
	rest := r.actions[words:]
	if len(rest) == 0 {
		return row
	}
	more := widgets.NewButton(widgets.Link, f.p.t("form.more"), nil)
	more.SetOnPress(func() {
		var options []widgets.Option
		for _, a := range rest {
			options = append(options, widgets.Option{Text: a.Text, Note: a.Why, Off: a.Why != ""})
		}
		widgets.ShowMenu(more, options, func(i int) { rest[i].Do() })
	})
	row.Add(more)
	return row
}

var stageTones = map[desk.Stage]theme.Tone{desk.StageUploaded: theme.Info, desk.StageCleaned: theme.Info, desk.StageSealed: theme.Good}

// filing is the line of 合同备案.
func (f *files) filing() fileRow {
	p := f.p
	v := p.view
	stage := v.Filing.Stage()
	r := fileRow{kind: p.t("form.filing"), required: true, tone: stageTones[stage], chip: p.t("stage." + string(stage)), next: f.sealButton()}
	if stage == desk.StageNone {
		r.chip = p.t("stage.none")
	}
	shown := f.current()
	if shown != nil {
		r.file, r.detail = shown.Name, f.detail(*shown)
	}
	if v.Received != nil && stage != desk.StageSealed {
		r.chip, r.tone, r.note = p.t("stage.sealed"), theme.Good, v.Received.Note
		if v.Verdict != nil && v.Verdict.Verdict == verify.Unsigned {
			r.chip, r.tone = p.t("stage.review"), theme.Info
		}
	}
	if o := v.Filing.Original; o != nil {
		r.note = o.Note
		if p.editableState() {
			r.noteOf = o.Attachment
		}
	}
	if shown != nil && isPDF(shown.Name) {
		r.actions = append(r.actions, widgets.Action{Text: p.t("form.preview"), Do: func() { f.preview(*shown) }})
	}
	if shown != nil {
		r.actions = append(r.actions, f.export(*shown))
	}
	if p.editableState() {
		if v.Filing.Original == nil {
			r.actions = append(r.actions, widgets.Action{Text: p.t("form.upload"), Do: f.chooseFiling}, widgets.Action{Text: p.t("form.template"), Do: p.chooseTemplate})
		} else {
			r.actions = append(r.actions,
				widgets.Action{Text: p.t("form.replace"), Do: func() { p.unlock(f.chooseFiling) }},
				widgets.Action{Text: p.t("form.remove"), Do: f.removeFiling})
		}
	}
	return r
}

// voidRows are the sealed files of rounds that were refused or taken back: they stay readable, and say that their seals are
// void.
func (f *files) voidRows() []fileRow {
	p := f.p
	var rows []fileRow
	for _, a := range p.view.Attachments {
		if a.Kind != platformapi.KindFiling || !a.Void {
			continue
		}
		rows = append(rows, fileRow{
			kind: p.t("form.filing"), file: a.Name, detail: p.t("form.void_detail", "round", a.Round, "signer", a.By.Name, "time", p.host.Words().Beijing(a.UploadedAt, timeForm)),
			chip: p.t("stage.void"), tone: theme.Bad, note: a.Note,
			actions: []widgets.Action{{Text: p.t("form.export"), Do: func() {
				p.saveAs(p.t("form.void_name", "file", a.Name), func(ctx context.Context, to string) error { return p.work.Download(ctx, a, to) })
			}}},
		})
	}
	return rows
}

// current is the file that counts now: the sealed one, else what will be sealed, else what was uploaded.
func (f *files) current() *desk.File {
	v := f.p.view
	for _, file := range []*desk.File{v.Filing.Sealed, v.Received, v.Filing.Clean, v.Filing.Original} {
		if file != nil {
			return file
		}
	}
	return nil
}

func (f *files) detail(file desk.File) string {
	d := f.p.t("form.file_detail", "size", words.Size(file.Size), "digest", short(file.SHA256))
	if file.Sent {
		return d
	}
	return d + f.p.t("form.file_here")
}

// next names the step that the contract's file waits for.
func (f *files) next() string {
	p, v := f.p, f.p.view
	_, may := v.Why(desk.ActionSeal)
	_, mayClean := v.Why(desk.ActionClean)
	switch {
	case v.Filing.Stage() == desk.StageSealed:
		return ""
	case v.Starter && v.Filing.Stage() == desk.StageCleaned && may:
		return "form.seal"
	case v.ReviewFirst && p.editableState() && v.Filing.Stage() == desk.StageCleaned:
		return ""
	case v.ReviewFirst && v.Filing.Original != nil && mayClean:
		return "form.field_clean"
	case v.Starter && v.Filing.Original != nil && mayClean:
		return "form.clean_and_seal"
	case !v.Starter && may:
		return "form.sign"
	}
	return ""
}

// sealButton leads to the clean copy or to the seal; it is the blue one while the form itself lacks nothing else. The other
// side has it in the foot.
func (f *files) sealButton() *widgets.Button {
	p := f.p
	key := f.next()
	if key == "" || !p.editableState() {
		return nil
	}
	kind := widgets.Secondary
	if slices.Equal(p.view.Missing, []desk.Field{desk.FieldSeal}) || slices.Equal(p.view.Missing, []desk.Field{desk.FieldClean}) {
		kind = widgets.Primary
	}
	return widgets.NewButton(kind, p.t(key), p.goSeal)
}

// goSeal opens the page of the next step to the seal.
func (p *Page) goSeal() {
	if !p.flush() {
		return
	}
	if p.editableState() && p.view.Filing.Stage() != desk.StageCleaned {
		p.host.Open(clean.New(p.host, p.work))
		return
	}
	p.host.Open(stamp.New(p.host, stamp.OfContract(p.host, p.work)))
}

func (f *files) preview(file desk.File) {
	if f.p.flush() {
		f.p.host.Open(view.New(f.p.host, f.p.work, file))
	}
}

func (f *files) export(file desk.File) widgets.Action {
	p := f.p
	return widgets.Action{Text: p.t("form.export"), Do: func() { p.export(file) }}
}

// export copies a file to where the person wants it.
func (p *Page) export(file desk.File) {
	p.saveAs(file.Name, func(ctx context.Context, to string) error { return p.work.Export(ctx, file, to) })
}

func (p *Page) saveAs(name string, write func(ctx context.Context, to string) error) {
	p.host.SaveFile(name, func(to string) {
		p.host.Do(p.life, func(ctx context.Context) error { return write(ctx, to) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Toast(theme.Good, p.t("form.exported", "file", filepath.Base(to)))
		})
	})
}

// invoiceRows are the lines of 发票: those attached here, or for the other side those on the platform.
func (f *files) invoiceRows() []fileRow {
	p := f.p
	v := p.view
	var rows []fileRow
	for _, file := range v.Invoices {
		r := fileRow{kind: p.t("form.invoice"), file: file.Name, detail: f.detail(file), chip: p.t("stage.uploaded"), tone: theme.Info, note: file.Note}
		if isPDF(file.Name) {
			r.actions = append(r.actions, widgets.Action{Text: p.t("form.preview"), Do: func() { f.preview(file) }})
		}
		r.actions = append(r.actions, f.export(file))
		if p.editableState() {
			r.noteOf = file.Attachment
			r.actions = append(r.actions, widgets.Action{Text: p.t("form.remove"), Do: func() { f.removeInvoice(file) }})
		}
		rows = append(rows, r)
	}
	for _, a := range v.Attachments {
		here := slices.ContainsFunc(v.Invoices, func(file desk.File) bool { return file.Attachment == a.ID })
		if a.Kind != platformapi.KindInvoice || !a.Current || here {
			continue
		}
		rows = append(rows, fileRow{kind: p.t("form.invoice"), file: a.Name, note: a.Note, chip: p.t("stage.uploaded"), tone: theme.Info,
			detail: p.t("form.file_detail", "size", words.Size(a.Size), "digest", short(a.SHA256)),
			actions: []widgets.Action{{Text: p.t("form.export"), Do: func() {
				p.saveAs(a.Name, func(ctx context.Context, to string) error { return p.work.Download(ctx, a, to) })
			}}}})
	}
	upload := widgets.Action{Text: p.t("form.upload"), Do: f.chooseInvoice}
	if len(rows) > 0 && p.editableState() {
		upload.Text = p.t("form.upload_more")
		last := &rows[len(rows)-1]
		last.actions = append(last.actions, upload)
	}
	if len(rows) == 0 {
		r := fileRow{kind: p.t("form.invoice"), chip: p.t("stage.none")}
		if p.editableState() {
			r.actions = []widgets.Action{upload}
		}
		rows = append(rows, r)
	}
	return rows
}

func (f *files) chooseFiling() { f.p.host.ChooseFile(filingEndings, f.takeFiling) }

func (f *files) chooseInvoice() {
	f.p.host.ChooseFile(invoiceEndings, func(path string) { f.takeInvoices([]string{path}) })
}

func (f *files) takeFiling(path string) {
	p := f.p
	if !hasEnding(path, filingEndings) {
		p.host.Toast(theme.Warn, p.t("form.wrong_ending", "kind", p.t("form.filing"), "endings", strings.Join(filingEndings, "、")))
		return
	}
	f.attach(func(ctx context.Context) error { return p.work.AttachFiling(ctx, path) })
}

// takeInvoices attaches files in one change, since there is one change at a time.
func (f *files) takeInvoices(paths []string) {
	p := f.p
	fit := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !hasEnding(path, invoiceEndings) })
	if len(fit) < len(paths) {
		p.host.Toast(theme.Warn, p.t("form.wrong_ending", "kind", p.t("form.invoice"), "endings", strings.Join(invoiceEndings, "、")))
	}
	if len(fit) == 0 {
		return
	}
	f.attach(func(ctx context.Context) error {
		for _, path := range fit {
			if err := p.work.AttachInvoice(ctx, path); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *files) removeFiling() {
	p := f.p
	file := p.view.Filing.Original
	p.host.Ask(p.t("form.remove_title"), p.t("form.remove_filing", "file", file.Name), true, p.t("form.remove_confirm"), func() {
		f.attach(func(context.Context) error { return p.work.RemoveFiling() })
	})
}

func (f *files) removeInvoice(file desk.File) {
	p := f.p
	p.host.Ask(p.t("form.remove_title"), p.t("form.remove_invoice", "file", file.Name), true, p.t("form.remove_confirm"), func() {
		f.attach(func(context.Context) error { return p.work.RemoveInvoice(file.Attachment) })
	})
}

// attach changes the files elsewhere, one change at a time.
func (f *files) attach(change func(context.Context) error) {
	p := f.p
	if f.busy || !p.flush() {
		return
	}
	f.busy = true
	p.host.Do(p.life, change, func(err error) {
		f.busy = false
		if err != nil {
			p.host.Tell(err)
		}
		p.reread()
	})
}

// Drop implements page.Dropper: on an invoice's line it is an invoice, anywhere else the contract's file.
func (p *Page) Drop(at fyne.Position, dropped []fyne.URI) {
	if len(dropped) == 0 {
		return
	}
	if why, ok := p.view.Why(desk.ActionEdit); !ok {
		p.host.Toast(theme.Warn, why.What)
		return
	}
	if p.files.isInvoice(at) {
		var paths []string
		for _, u := range dropped {
			paths = append(paths, u.Path())
		}
		p.files.takeInvoices(paths)
		return
	}
	p.unlock(func() {
		path := dropped[0].Path()
		if p.view.Filing.Original == nil {
			p.files.takeFiling(path)
			return
		}
		p.host.Ask(p.t("form.replace_title"), p.t("form.replace_body", "old", p.view.Filing.Original.Name, "new", filepath.Base(path)), false,
			p.t("form.replace"), func() { p.files.takeFiling(path) })
	})
}

func (f *files) isInvoice(at fyne.Position) bool {
	if f.invoices == nil {
		return false
	}
	d := at.Subtract(fyne.CurrentApp().Driver().AbsolutePositionForObject(f.invoices))
	s := f.invoices.Size()
	return d.X >= 0 && d.Y >= 0 && d.X <= s.Width && d.Y <= s.Height
}

// OpenFile implements page.Opener.
func (p *Page) OpenFile() {
	if p.editableState() {
		p.unlock(p.files.chooseFiling)
	}
}

func hasEnding(path string, endings []string) bool {
	return slices.Contains(endings, strings.ToLower(strings.TrimPrefix(filepath.Ext(path), ".")))
}

func isPDF(name string) bool { return hasEnding(name, []string{"pdf"}) }

func short(digest string) string { return digest[:min(len(digest), 8)] }
