package bid

import (
	"cmp"
	"context"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// creditKinds are in the order of the library.
var creditKinds = []platformapi.CreditKind{platformapi.CreditLicence, platformapi.CreditQualification, platformapi.CreditPerson, platformapi.CreditWork}

// creditFiles are the endings of files that bids are made of.
var creditFiles = []string{"pdf", "docx", "doc", "jpg", "jpeg", "png"}

// A library is the page of the organisation's credit library (诚信库).
type library struct {
	host  page.Host
	ctx   context.Context
	items []platformapi.CreditItem

	table   *widgets.Table
	content fyne.CanvasObject
}

func newLibrary(host page.Host) *library {
	p := &library{host: host, ctx: context.Background()}
	p.table = widgets.NewTable(
		widgets.TableColumn{Title: p.t("bid.library_kind"), Width: 84, Quiet: true},
		widgets.TableColumn{Title: p.t("bid.library_name"), Min: 220},
		widgets.TableColumn{Title: p.t("bid.library_files"), Min: 140, Spare: true},
		widgets.TableColumn{Title: p.t("bid.library_until"), Width: 150},
		widgets.TableColumn{Title: p.t("bid.col_actions"), Width: 128},
	).High(58)
	tools := widgets.Pad(14, theme.CardPad, 14, theme.CardPad, widgets.Row(10, widgets.Grow(widgets.Quiet(p.t("bid.library_note")).Clip()),
		widgets.NewButton(widgets.Secondary, p.t("bid.library_add"), func() { p.edit(platformapi.NewID(), platformapi.CreditEntry{}) }).WithIcon(theme.IconPlus)))
	p.content = widgets.Page(widgets.Card(widgets.Border(widgets.Column(0, tools, widgets.HLine()), nil, nil, nil, p.table)))
	return p
}

func (p *library) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *library) Nav() string { return Nav }

// Title implements page.Page.
func (p *library) Title() string { return p.t("bid.credit") }

// Content implements page.Page.
func (p *library) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page.
func (p *library) Show(ctx context.Context) {
	p.ctx = ctx
	p.table.Faces().Loading()
	p.read()
}

func (p *library) read() {
	var got desk.Credit
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		got, err = p.host.Session().SyncCredit(ctx, nil)
		return err
	}, func(err error) {
		if err != nil {
			page.Failed(p.host, p.table.Faces(), err, p.read)
			return
		}
		p.items = got.Items
		p.table.FillOr(p.t("bid.library_none"), len(p.items), func(i int) widgets.TableRow { return p.row(p.items[i]) })
	})
}

func (p *library) row(x platformapi.CreditItem) widgets.TableRow {
	var files []string
	for _, f := range x.Files {
		files = append(files, f.Name)
	}
	valid := widgets.Cell{Text: cmp.Or(x.ValidUntil, p.t("bid.credit_always"))}
	if expired(x) {
		valid = widgets.Cell{Text: p.t("bid.credit_expired", "date", x.ValidUntil), Bad: true}
	}
	change := func() { p.edit(x.ID, desk.CreditEntryOf(x)) }
	return widgets.TableRow{Cells: []widgets.Cell{
		{Text: p.t("bid.credit_" + string(x.Kind))}, {Text: x.Name, Note: x.Number}, {Text: strings.Join(files, p.t("found.comma"))}, valid,
		{Actions: []widgets.Action{{Text: p.t("bid.library_change"), Do: change}, {Text: p.t("bid.library_remove"), Do: func() { p.remove(x) }}}},
	}, Open: change}
}

// expired tells that an entry is not valid any more, by the day in Beijing.
func expired(x platformapi.CreditItem) bool {
	return x.ValidUntil != "" && x.ValidUntil < words.Day(time.Now())
}

func (p *library) remove(x platformapi.CreditItem) {
	p.host.Ask(p.t("bid.library_remove_title"), p.t("bid.library_remove_body", "name", x.Name), true, p.t("bid.library_remove"), func() {
		p.do(func(ctx context.Context) error { return p.host.Session().DropCredit(ctx, x.ID) })
	})
}

// do changes the library and shows it anew.
func (p *library) do(change func(context.Context) error) {
	p.host.Do(p.ctx, change, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.host.Toast(theme.Good, p.t("bid.library_saved"))
		p.read()
	})
}

// edit asks for what an entry says, and for a file in the place of those that it has.
func (p *library) edit(id string, e platformapi.CreditEntry) {
	title := p.t("bid.library_new")
	if e.Name != "" {
		title = p.t("bid.library_edit")
	}
	kind := widgets.NewSelectField("")
	var options []widgets.Option
	at := 0
	for i, k := range creditKinds {
		options = append(options, widgets.Option{Text: p.t("bid.credit_" + string(k))})
		if k == e.Kind {
			at = i
		}
	}
	kind.SetOptions(options...)
	kind.Choose(at)
	field := func(text, hint string) *widgets.TextField {
		f := widgets.NewTextField(hint)
		f.SetText(text)
		return f
	}
	name, number, issuer, until := field(e.Name, ""), field(e.Number, ""), field(e.Issuer, ""), field(e.ValidUntil, p.t("bid.library_until_hint"))
	file, said := "", widgets.Quiet(p.t("bid.library_no_file")).Clip()
	if len(e.Files) > 0 {
		said.SetText(e.Files[0].Name)
	}
	choose := widgets.NewButton(widgets.Secondary, p.t("bid.library_choose"), func() {
		p.host.ChooseFile(creditFiles, func(path string) {
			file = path
			said.SetText(filepath.Base(path))
		})
	})
	var d *widgets.Dialog
	save := widgets.NewButton(widgets.Primary, p.t("bid.library_save"), nil)
	check := func(string) {
		why := ""
		if day := strings.TrimSpace(until.Text()); day != "" {
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				why = p.t("bid.library_why_date")
			}
		}
		if strings.TrimSpace(name.Text()) == "" {
			why = p.t("bid.library_why_name")
		}
		save.SetReason(why)
	}
	name.OnChanged, until.OnChanged = check, check
	check("")
	save.SetOnPress(func() {
		e.Kind, e.Name, e.Number = creditKinds[kind.Chosen()], strings.TrimSpace(name.Text()), strings.TrimSpace(number.Text())
		e.Issuer, e.ValidUntil = strings.TrimSpace(issuer.Text()), strings.TrimSpace(until.Text())
		var files []string
		if file != "" {
			files = append(files, file)
		}
		d.Close()
		p.do(func(ctx context.Context) error {
			_, err := p.host.Session().PutCredit(ctx, id, e, files, nil)
			return err
		})
	})
	form := widgets.Form(1,
		widgets.NewField(p.t("bid.library_kind"), true, kind, ""), widgets.NewField(p.t("bid.library_name"), true, name, ""),
		widgets.NewField(p.t("bid.library_number"), false, number, ""), widgets.NewField(p.t("bid.library_issuer"), false, issuer, ""),
		widgets.NewField(p.t("bid.library_until"), false, until, ""),
		widgets.NewField(p.t("bid.library_files"), false, widgets.Row(10, choose, widgets.Grow(said)), ""))
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() })
	d = widgets.NewDialog(title, form, cancel, save).FocusFirst(name)
	p.host.Dialog(d)
}
