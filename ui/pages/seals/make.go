package seals

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/signer/seal"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// redraw is how long after the last key the preview is drawn anew.
const redraw = 150 * time.Millisecond

const previewWidth = 300

// A Making is the page 新建印章: what stands on the seal at the left, the seal at true size at the right.
type Making struct {
	host page.Host
	ctx  context.Context

	form     seal.Form
	kind     *widgets.Tabs
	title    *widgets.TextField
	person   *widgets.TextField
	bottom   *widgets.TextField
	number   *widgets.TextField
	taxID    *widgets.TextField
	ending   *widgets.SelectField
	relief   *widgets.Tabs
	size     *widgets.SelectField
	retitled bool // the person typed a title; otherwise it follows what stands on the seal
	setting  bool // the page fills a field, not the person

	fields map[string]*widgets.Field // by the name in seal.StyleError
	rows   *fyne.Container
	face   *fyne.Container
	figure *widgets.Text
	notes  *fyne.Container
	save   *widgets.Button

	drawn   *desk.SealDraft // as it is shown; nil when it cannot be drawn
	asked   int             // counts what was asked to be drawn: only the last counts
	waiting *time.Timer
	content fyne.CanvasObject
}

// endings are what may follow a person's name; the last is nothing.
var endings = []string{"印", "之印", "印章", ""}

// NewMaking makes the page.
func NewMaking(host page.Host) *Making {
	m := &Making{host: host, ctx: context.Background(), form: seal.Contract, fields: map[string]*widgets.Field{}}
	key := host.Session().Key()
	m.person, m.bottom, m.number = widgets.NewTextField(m.t("seals.person_hint")), widgets.NewTextField(""), widgets.NewTextField(m.t("seals.number_hint"))
	m.taxID, m.title = widgets.NewTextField(""), widgets.NewTextField("")
	m.person.SetText(key.Person)
	m.taxID.SetText(key.USCC)
	var options []widgets.Option
	for _, e := range endings {
		if e == "" {
			e = m.t("seals.ending_none")
		}
		options = append(options, widgets.Option{Text: e})
	}
	m.ending, m.size = widgets.NewSelectField("", options...), widgets.NewSelectField("")
	m.relief = widgets.NewSegments(m.t("seals.relief"), m.t("seals.intaglio"))
	var kinds []string
	for _, f := range seal.Forms() {
		kinds = append(kinds, m.t("seals.form_"+string(f)))
	}
	m.kind = widgets.NewSegments(kinds...)
	m.kind.OnChanged = func(i int) { m.choose(seal.Forms()[i]) }

	changed := func(string) { m.changed() }
	m.person.OnChanged = func(string) {
		m.endingFor()
		m.changed()
	}
	m.bottom.OnChanged, m.number.OnChanged, m.taxID.OnChanged = changed, changed, changed
	m.title.OnChanged = func(string) {
		m.retitled = m.retitled || !m.setting
		m.tell()
	}
	m.ending.OnChanged, m.size.OnChanged, m.relief.OnChanged = func(int) { m.changed() }, func(int) { m.changed() }, func(int) { m.changed() }
	m.save = widgets.NewButton(widgets.Primary, m.t("seals.save"), m.keep)

	m.rows, m.face, m.notes = widgets.Column(0), widgets.Stack(), widgets.Column(10)
	m.figure = widgets.NewText("", theme.TextCaption, theme.Text2).Align(fyne.TextAlignCenter)
	ground := canvas.NewRectangle(theme.Head)
	ground.CornerRadius = theme.ControlRadius
	preview := widgets.Card(widgets.Column(0, widgets.CardHead(m.t("seals.preview"), "", nil),
		widgets.Pad(14, 14, 14, 14, widgets.Column(10, widgets.Fixed(0, 250, widgets.Stack(ground, widgets.Center(m.face))), m.figure, m.notes))))
	what := widgets.Section("01", m.t("seals.what"), "", widgets.Column(8, m.kind, widgets.Gap(1, 4), m.rows))
	note := widgets.InfoPanel(widgets.ErrorText{What: m.t("seals.no_force"), Do: m.t("seals.no_force_do")})
	body := widgets.Border(nil, nil, nil, widgets.Pad(0, 0, 0, theme.CardGap, widgets.Fixed(previewWidth, 0, widgets.Column(0, preview))),
		widgets.Column(theme.CardGap, what, note))
	foot := widgets.Foot(nil, widgets.Actions(widgets.NewButton(widgets.Secondary, m.t("button.cancel"), host.Back), m.save))
	m.content = widgets.Border(nil, foot, nil, nil, widgets.NewScrollArea(widgets.Page(body)))
	m.choose(m.form)
	return m
}

func (m *Making) t(key string, pairs ...any) string { return m.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (m *Making) Nav() string { return Nav }

// Title implements page.Page.
func (m *Making) Title() string { return m.t("seals.make") }

// Content implements page.Page.
func (m *Making) Content() fyne.CanvasObject { return m.content }

// Show implements page.Page.
func (m *Making) Show(ctx context.Context) {
	m.ctx = ctx
	m.draw()
}

// Leave implements page.Leaver.
func (m *Making) Leave() {
	if m.waiting != nil {
		m.waiting.Stop()
	}
}

// choose shows the fields of a form, with what usually stands on it.
func (m *Making) choose(form seal.Form) {
	m.form = form
	m.kind.Choose(slices.Index(seal.Forms(), form))
	m.setting = true
	m.bottom.SetText(form.Bottom())
	m.setting = false
	var sizes []widgets.Option
	for i, mm := range form.Sizes() {
		option := widgets.Option{Text: m.t("seals.mm", "mm", millimetres(mm))}
		if i == 0 {
			option.Note = m.t("seals.usual")
		}
		if form == seal.Invoice {
			option.Text = "40 × 30 mm"
		}
		sizes = append(sizes, option)
	}
	m.size.SetOptions(sizes...)
	m.size.Choose(0)
	if m.ending.Chosen() < 0 {
		m.endingFor()
	}
	clear(m.fields)
	add := func(name, label string, required bool, control fyne.CanvasObject, hint string) fyne.CanvasObject {
		f := widgets.NewField(label, required, control, hint)
		m.fields[name] = f
		return f
	}
	rows := []fyne.CanvasObject{}
	if form == seal.Personal {
		rows = append(rows, add("name", m.t("seals.person"), true, m.person, ""),
			add("ending", m.t("seals.ending"), false, m.ending, m.t("seals.ending_hint")),
			add("relief", m.t("seals.cut"), false, m.relief, ""))
	} else {
		rows = append(rows, add("name", m.t("seals.name"), false, widgets.NewReadOnly(m.host.Session().Key().Owner), m.t("seals.name_hint")))
	}
	switch form {
	case seal.Contract, seal.Finance:
		rows = append(rows, add("bottom", m.t("seals.bottom"), false, m.bottom, m.t("seals.bottom_hint")))
	case seal.Invoice:
		rows = append(rows, add("tax_id", m.t("seals.tax_id"), true, m.taxID, m.t("seals.tax_id_hint")))
	}
	switch form {
	case seal.Invoice:
		rows = append(rows, add("number", m.t("seals.order"), false, m.number, m.t("seals.order_hint")))
	case seal.Company, seal.Contract, seal.Finance:
		rows = append(rows, add("number", m.t("seals.code"), false, m.number, m.t("seals.code_hint")))
	}
	rows = append(rows, add("size", m.t("seals.size"), false, m.size, ""), add("title", m.t("seals.title_of"), true, m.title, m.t("seals.title_hint")))
	m.rows.Objects = rows
	m.rows.Refresh()
	m.content.Refresh()
	m.draw()
}

// endingFor proposes what usually follows a name of this length.
func (m *Making) endingFor() {
	if i := slices.Index(endings, seal.EndingFor(m.person.Text())); i >= 0 {
		m.ending.Choose(i)
	}
}

// style is what the fields say.
func (m *Making) style() seal.Style {
	s := seal.Style{Form: m.form, Name: m.host.Session().Key().Owner, Number: m.number.Text(), SizeMM: m.form.Sizes()[max(m.size.Chosen(), 0)]}
	switch m.form {
	case seal.Personal:
		s.Name, s.Number, s.Intaglio = m.person.Text(), "", m.relief.Chosen() == 1
		s.Ending = endings[max(m.ending.Chosen(), 0)]
	case seal.Invoice:
		s.Bottom, s.TaxID = m.form.Bottom(), m.taxID.Text()
	case seal.Contract, seal.Finance:
		s.Bottom = m.bottom.Text()
	}
	return s
}

// changed draws anew when the person has paused.
func (m *Making) changed() {
	if m.setting {
		return
	}
	m.save.SetReason(m.t("seals.why_drawing"))
	if m.waiting != nil {
		m.waiting.Stop()
	}
	m.waiting = time.AfterFunc(redraw, func() { m.host.Post(m.draw) })
}

// A trouble is why a seal cannot be drawn.
type trouble struct {
	err     error
	missing []rune // no font has them
}

func (m *Making) draw() {
	m.asked++
	asked, style := m.asked, m.style()
	var draft desk.SealDraft
	var bad trouble
	kept := m.host.Session().SealCase() // the host has no session when the person logs out meanwhile
	m.host.Do(m.ctx, func(ctx context.Context) (err error) {
		if bad.missing, err = m.host.Desk().MissingGlyphs(ctx, style.Text()); err != nil {
			return err
		}
		draft, bad.err = kept.Draw(ctx, style)
		return nil
	}, func(err error) {
		if asked != m.asked {
			return // what was typed meanwhile is on its way
		}
		if err != nil {
			bad.err = err
		}
		m.drawn = nil
		m.face.Objects = []fyne.CanvasObject{widgets.Icon(theme.IconSeal, 48, theme.Frame)} // no seal but the present one is shown
		m.figure.SetText("")
		if bad.err == nil {
			m.drawn = &draft
			m.face.Objects = []fyne.CanvasObject{trueSize(m.host, draft.Seal)}
			m.figure.SetText(size(draft.SealChoice))
			if !m.retitled {
				m.setting = true
				m.title.SetText(draft.Title)
				m.setting = false
			}
		}
		m.face.Refresh()
		m.show(style, bad)
	})
}

// show says at the field what is wrong, and beneath the picture what to know of it.
func (m *Making) show(style seal.Style, bad trouble) {
	for _, f := range m.fields {
		f.SetError("")
	}
	m.notes.Objects = nil
	var wrong *seal.StyleError
	switch {
	case errors.As(bad.err, &wrong):
		if f := m.fields[wrong.Field]; f != nil {
			f.SetError(m.host.Words().Problem(bad.err).What)
		}
	case bad.err != nil && len(bad.missing) == 0:
		m.notes.Add(widgets.ErrorPanel(page.ErrorText(m.host.Words().Problem(bad.err))))
	}
	if len(bad.missing) > 0 {
		m.showMissing(style, bad.missing)
	}
	if m.drawn != nil && len(m.drawn.Lent) > 0 {
		for font, runes := range byFont(m.drawn.Lent) {
			m.notes.Add(widgets.NewParagraph(m.t("seals.lent", "runes", runes, "font", font), theme.TextCaption, theme.Text2))
		}
	}
	m.notes.Refresh()
	m.content.Refresh()
	m.tell()
}

// showMissing names the characters that no font has, at the field that holds them, and the ways on.
func (m *Making) showMissing(style seal.Style, missing []rune) {
	for name, text := range map[string]string{"name": style.Name, "bottom": style.Bottom, "number": style.Number, "tax_id": style.TaxID} {
		var here []string
		for _, r := range missing {
			if strings.ContainsRune(text, r) {
				here = append(here, string(r))
			}
		}
		if f := m.fields[name]; f != nil && len(here) > 0 {
			f.SetError(m.t("seals.missing", "runes", strings.Join(here, " ")))
		}
	}
	var named []string
	for _, r := range missing {
		named = append(named, m.t("seals.missing_one", "rune", string(r), "codepoint", fmt.Sprintf("U+%04X", r)))
	}
	m.notes.Add(widgets.WarnPanel(widgets.ErrorText{What: m.t("seals.missing_what", "runes", strings.Join(named, m.t("seals.and"))), Do: m.t("seals.missing_do")},
		widgets.NewButton(widgets.Secondary, m.t("seals.add_font"), func() { addFont(m.host, m.ctx, m.draw) })))
}

// byFont turns what was lent round: the characters that each font wrote.
func byFont(lent map[rune]string) map[string]string {
	out := map[string]string{}
	for _, r := range slices.Sorted(maps.Keys(lent)) {
		out[lent[r]] += string(r)
	}
	return out
}

// tell says why the seal cannot be kept.
func (m *Making) tell() {
	why := ""
	switch {
	case m.drawn == nil:
		why = m.t("seals.why_not_drawn")
	case strings.TrimSpace(m.title.Text()) == "":
		why = m.t("seals.why_title")
	}
	m.save.SetReason(why)
}

func (m *Making) keep() {
	if m.drawn == nil || m.save.Reason() != "" {
		return
	}
	draft := *m.drawn
	draft.Title = m.title.Text()
	m.host.Do(m.ctx, func(context.Context) error {
		_, err := m.host.Session().SealCase().Keep(draft)
		return err
	}, func(err error) {
		if err != nil {
			m.host.Tell(err)
			return
		}
		m.host.Toast(theme.Good, m.t("seals.kept", "title", draft.Title))
		m.host.Back()
	})
}
