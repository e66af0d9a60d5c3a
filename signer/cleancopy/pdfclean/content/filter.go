package content

import (
	"math"
	"strconv"

	"sealdesk/signer/pdf"
)

// Resources is what the resources of a content stream say of the names in it.
type Resources interface {
	// Layer tells of a property list's name which layer it is and whether it is shown; what is no layer is shown.
	Layer(property pdf.Name) (label string, shown bool)
	// XObject tells what Do with this name would draw.
	XObject(name pdf.Name) XObject
	// Font gives what Tf selects; nil when that is not known.
	Font(name pdf.Name) Font
}

// Kind is a kind of external object.
type Kind int

// Kinds. PostScript and what is neither draws nothing.
const (
	Nothing Kind = iota
	Form
	Image
)

// XObject is an external object. One that belongs to a layer that is not shown is Hidden and carries the layer's label.
type XObject struct {
	Kind   Kind
	Hidden bool
	Label  string
}

// Font is what has to be known of a font to leave text out.
type Font interface {
	// Drawn tells whether its glyphs are drawn by content streams (Type 3), for which rendering modes mean nothing (9.3.6).
	Drawn() bool
	// Advance measures a string: the widths of its glyphs in thousandths of an em, how many there are, and how many of
	// them are the single byte 32, which word spacing applies to. ok is false when that is not known.
	Advance(s []byte) (width float64, glyphs, spaces int, ok bool)
}

// A Watcher is a Font that hears of every string that stays.
type Watcher interface {
	Shown(s []byte)
}

// Use is a resource that what was written still asks for.
type Use struct {
	Category pdf.Name // of the resource dictionary: Font, XObject …
	Name     pdf.Name // in the old resources
	As       pdf.Name // in what was written: other than Name for a form that is drawn in several modes
	Mode     int      // of a form: the text rendering mode that it begins with
}

// Result is a content stream written anew, and what was learned on the way.
type Result struct {
	Data      []byte
	Uses      map[Use]bool
	Hidden    map[string]int // by the label of a layer: things that were drawn in it
	Invisible int            // pieces of text that drew nothing
	Gray      bool           // a device colour space is used: DeviceGray,
	RGB       bool           // DeviceRGB,
	CMYK      bool           // DeviceCMYK
	Inline    []Inline       // inline images
	Depth     int            // of graphics states saved within one another
}

// Inline is what an inline image is encoded with.
type Inline struct {
	Filters     []pdf.Name // by their full names
	Interpolate bool
}

// Options of Filter.
type Options struct {
	Mode          int  // the text rendering mode that the stream begins with
	KeepInvisible bool // leaves text in that draws nothing
}

// Filter writes a content stream anew. data must not be used any more.
func Filter(data []byte, r Resources, o Options) (*Result, error) {
	f := filter{
		r:      r,
		keep:   o.KeepInvisible,
		Result: Result{Uses: map[Use]bool{}, Hidden: map[string]int{}},
		state:  state{mode: o.Mode, scale: 1},
	}
	f.out = make([]byte, 0, len(data))
	s := scanner{data: data}
	for {
		op, ok, err := s.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if err := f.operator(op); err != nil {
			return nil, err
		}
	}
	f.finish()
	return &f.Result, nil
}

// state is the part of the graphics state that decides what is seen.
type state struct {
	mode                                int
	font                                Font
	size, charSpace, wordSpace, scale   float64
	fontSet, fillSet, strokeSet, gs, cl *setter // who set it, when that is to be known
}

// setter is an operator that is only worth keeping when something is drawn under it. prev is the one before it that still
// holds, where they add up.
type setter struct {
	used bool
	prev *setter
}

func (s *setter) use() {
	for ; s != nil && !s.used; s = s.prev {
		s.used = true
	}
}

// span is a piece of what was written that falls away when its setter was not used.
type span struct {
	start, end int
	by         *setter
	instead    []byte
	use        Use     // counts when the span stays
	font       *setter // of text that is added to the clipping path
}

type mark struct {
	hidden bool
	label  string
}

type filter struct {
	Result
	r     Resources
	keep  bool // invisible text
	out   []byte
	state state
	saved []state
	marks []mark
	hid   int // marks that hide

	spans []span

	path []byte // of the path under construction
	clip []byte // W or W*, when it was asked for

	inText  bool
	textCl  *setter // of the text that is added to the clipping path
	pending float64 // by which text left out would have moved on, in unscaled units of text space
	unknown bool    // by how much is not known
	clipped []int   // spans of text for clipping since the text was placed, behind which no other text followed yet
}

// arity are the operators of annex A, all but those for marks and compatibility, with the operands that each takes at
// most. -1 stands for colour operands.
var arity = map[string]int{
	"q": 0, "Q": 0, "cm": 6, "w": 1, "J": 1, "j": 1, "M": 1, "d": 2, "ri": 1, "i": 1, "gs": 1,
	"m": 2, "l": 2, "c": 6, "v": 4, "y": 4, "h": 0, "re": 4,
	"S": 0, "s": 0, "f": 0, "F": 0, "f*": 0, "B": 0, "B*": 0, "b": 0, "b*": 0, "n": 0, "W": 0, "W*": 0,
	"BT": 0, "ET": 0, "Tc": 1, "Tw": 1, "Tz": 1, "TL": 1, "Tf": 2, "Tr": 1, "Ts": 1,
	"Td": 2, "TD": 2, "Tm": 6, "T*": 0, "Tj": 1, "TJ": 1, "'": 1, "\"": 3,
	"d0": 2, "d1": 6, "CS": 1, "cs": 1, "SC": -1, "SCN": -1, "sc": -1, "scn": -1,
	"G": 1, "g": 1, "RG": 3, "rg": 3, "K": 4, "k": 4, "sh": 1, "Do": 1, "BI": 1,
}

// others than numbers are taken by few operators.
var takes = map[string]kind{
	"ri": name, "gs": name, "Tf": name, "CS": name, "cs": name, "SC": name, "SCN": name, "sc": name, "scn": name, "sh": name, "Do": name,
	"d": array, "TJ": array, "Tj": text, "'": text, "\"": text, "BI": dict,
}

func (f *filter) operator(op operator) error {
	switch op.name {
	case "BMC", "BDC":
		return f.begin(op)
	case "EMC":
		f.end()
		return nil
	}
	n, known := arity[op.name]
	if !known {
		return nil // it draws nothing, with BX or without
	}
	if n >= 0 && len(op.operands) > n {
		op.operands = op.operands[len(op.operands)-n:]
	}
	op.operands = proper(op)
	switch op.name {
	case "q":
		if len(f.saved) == maxGraphics {
			return tooComplex("more than %d graphics states are saved", maxGraphics)
		}
		f.saved = append(f.saved, f.state)
		f.Depth = max(f.Depth, len(f.saved))
		f.put(op)
	case "Q":
		if len(f.saved) > 0 {
			f.state = f.saved[len(f.saved)-1]
			f.saved = f.saved[:len(f.saved)-1]
			f.put(op)
		}
	case "m", "l", "c", "v", "y", "h", "re":
		f.path = f.append(f.path, op)
	case "W", "W*":
		f.clip = f.append(nil, op)
	case "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "n":
		f.paint(op)
	case "Tj", "TJ", "'", "\"":
		f.show(op)
	case "Do":
		f.external(op)
	case "BI":
		f.inline(op)
	case "sh":
		if !f.hide() {
			f.seen(false, false)
			f.use("Shading", op)
			f.put(op)
		}
	default:
		f.set(op)
	}
	return nil
}

// proper leaves out operands of kinds that an operator has no use for.
func proper(op operator) []operand {
	also, some := takes[op.name]
	kept := op.operands[:0]
	for _, o := range op.operands {
		switch {
		case o.kind == number, some && o.kind == also:
			if o.kind == array {
				o = flat(o)
			}
			kept = append(kept, o)
		}
	}
	return kept
}

// flat keeps the strings and numbers of an array, which is all that TJ and d know.
func flat(a operand) operand {
	items := a.items[:0]
	for _, it := range a.items {
		if it.kind == number || it.kind == text {
			items = append(items, it)
		}
	}
	return operand{kind: array, items: items}
}

func (f *filter) begin(op operator) error {
	m := mark{}
	if n := len(op.operands); op.name == "BDC" && n >= 2 && string(op.operands[n-2].bytes) == "OC" && op.operands[n-1].kind == name {
		var shown bool
		m.label, shown = f.r.Layer(pdf.Name(op.operands[n-1].bytes))
		m.hidden = !shown
	}
	if len(f.marks) == maxOperators {
		return tooComplex("more than %d marks", maxOperators)
	}
	f.marks = append(f.marks, m)
	if m.hidden {
		f.hid++
	}
	return nil
}

func (f *filter) end() {
	if len(f.marks) == 0 {
		return
	}
	if f.marks[len(f.marks)-1].hidden {
		f.hid--
	}
	f.marks = f.marks[:len(f.marks)-1]
}

// hide tells whether what is drawn now stands in a layer that is not shown, and counts it.
func (f *filter) hide() bool {
	if f.hid == 0 {
		return false
	}
	for i := len(f.marks) - 1; i >= 0; i-- {
		if f.marks[i].hidden {
			f.Hidden[f.marks[i].label]++
			return true
		}
	}
	return true
}

// seen keeps what was set for something that is drawn.
func (f *filter) seen(fill, stroke bool) {
	f.state.gs.use()
	f.state.cl.use()
	if fill {
		f.state.fillSet.use()
	}
	if stroke {
		f.state.strokeSet.use()
	}
}

// paint ends a path.
func (f *filter) paint(op operator) {
	path, clip := f.path, f.clip
	f.path, f.clip = nil, nil
	if op.name != "n" && len(path) > 0 && f.hide() {
		op.name = "n"
	}
	if (op.name == "n" || len(path) == 0) && clip == nil {
		return
	}
	f.out = append(append(f.out, path...), clip...)
	if op.name != "n" {
		fill := op.name != "S" && op.name != "s"
		f.seen(fill, op.name[0] != 'f' && op.name[0] != 'F')
	}
	f.put(op)
}

func (f *filter) external(op operator) {
	if len(op.operands) == 0 {
		return
	}
	n := pdf.Name(op.operands[0].bytes)
	x := f.r.XObject(n)
	switch {
	case x.Kind == Nothing || f.hide():
		return
	case x.Hidden:
		f.Hidden[x.Label]++
		return
	}
	f.seen(true, true)
	use := Use{Category: "XObject", Name: n, As: n}
	if x.Kind == Form {
		f.state.fontSet.use() // a form goes on with the font
		if use.Mode = f.state.mode; use.Mode != 0 {
			use.As += pdf.Name("." + strconv.Itoa(use.Mode))
			for f.r.XObject(use.As).Kind != Nothing {
				use.As += "."
			}
			op.operands[0].raw = pdf.Append(nil, use.As)
		}
	}
	f.Uses[use] = true
	f.put(op)
}

// filterNames are those of inline images in full (table 94).
var filterNames = map[string]pdf.Name{
	"AHx": "ASCIIHexDecode", "A85": "ASCII85Decode", "LZW": "LZWDecode", "Fl": "FlateDecode", "RL": "RunLengthDecode", "CCF": "CCITTFaxDecode", "DCT": "DCTDecode",
}

func (f *filter) inline(op operator) {
	if len(op.operands) == 0 || f.hide() {
		return
	}
	d := op.operands[0]
	f.seen(true, false)
	if cs, ok := d.entry("CS"); ok {
		f.space(cs)
		for _, it := range cs.items {
			f.space(it)
		}
	}
	var in Inline
	if i, ok := d.entry("I"); ok {
		in.Interpolate = string(i.raw) == "true"
	}
	if filters, ok := d.entry("F"); ok {
		list := filters.items
		if filters.kind == name {
			list = []operand{filters}
		}
		for _, o := range list {
			full := pdf.Name(o.bytes)
			if long := filterNames[string(o.bytes)]; long != "" {
				full = long
			}
			in.Filters = append(in.Filters, full)
		}
	}
	f.Inline = append(f.Inline, in)
	f.out = append(f.out, "BI"...)
	for _, it := range d.items {
		f.out = append(f.out, ' ')
		f.out = it.write(f.out)
	}
	f.out = append(f.out, " ID "...)
	f.out = append(f.out, op.data...)
	f.out = append(f.out, "\nEI\n"...)
}

// space notes a colour space that is named directly.
func (f *filter) space(o operand) {
	if o.kind != name {
		return
	}
	switch string(o.bytes) {
	case "DeviceGray", "G":
		f.Gray = true
	case "DeviceRGB", "RGB":
		f.RGB = true
	case "DeviceCMYK", "CMYK":
		f.CMYK = true
	case "Pattern", "I", "Indexed":
	default:
		n := pdf.Name(o.bytes)
		f.Uses[Use{Category: "ColorSpace", Name: n, As: n}] = true
	}
}

func (f *filter) use(category pdf.Name, op operator) {
	if n := len(op.operands); n > 0 {
		resource := pdf.Name(op.operands[n-1].bytes)
		f.Uses[Use{Category: category, Name: resource, As: resource}] = true
	}
}

// set is for operators that draw nothing themselves.
func (f *filter) set(op operator) {
	value := func(i int) float64 {
		if i < len(op.operands) {
			return op.operands[i].value
		}
		return 0
	}
	switch op.name {
	case "gs":
		f.state.gs = &setter{prev: f.state.gs}
		f.conditional(op, f.state.gs, "ExtGState")
		return
	case "Tf":
		f.state.font, f.state.size = nil, value(1)
		f.state.fontSet = &setter{}
		if len(op.operands) == 2 {
			f.state.font = f.r.Font(pdf.Name(op.operands[0].bytes))
		}
		f.conditional(op, f.state.fontSet, "Font")
		return
	case "sc", "scn", "SC", "SCN":
		set := &f.state.fillSet
		if op.name[0] == 'S' {
			set = &f.state.strokeSet
		}
		*set = nil
		if n := len(op.operands); n > 0 && op.operands[n-1].kind == name {
			*set = &setter{}
			f.conditional(op, *set, "Pattern")
			return
		}
	case "cs", "CS":
		if len(op.operands) == 1 {
			f.space(op.operands[0])
		}
		f.colour(op.name == "CS")
	case "g", "G":
		f.Gray = true
		f.colour(op.name == "G")
	case "rg", "RG":
		f.RGB = true
		f.colour(op.name == "RG")
	case "k", "K":
		f.CMYK = true
		f.colour(op.name == "K")
	case "Tr":
		f.state.mode = int(max(0, min(7, value(0))))
	case "Tc":
		f.state.charSpace = value(0)
	case "Tw":
		f.state.wordSpace = value(0)
	case "Tz":
		f.state.scale = value(0) / 100
	case "Td", "TD", "Tm", "T*":
		f.moved()
	case "BT":
		f.moved()
		f.inText, f.textCl = true, nil
	case "ET":
		if !f.inText {
			return
		}
		f.moved()
		f.inText = false
		if f.textCl != nil {
			f.textCl.prev = f.state.cl
			f.state.cl, f.textCl = f.textCl, nil
		}
	}
	f.put(op)
}

func (f *filter) colour(stroke bool) {
	if stroke {
		f.state.strokeSet = nil
	} else {
		f.state.fillSet = nil
	}
}

// conditional writes an operator that stays only when its setter is used.
func (f *filter) conditional(op operator, by *setter, category pdf.Name) {
	var resource pdf.Name
	for _, o := range op.operands {
		if o.kind == name {
			resource = pdf.Name(o.bytes)
		}
	}
	start := len(f.out)
	f.put(op)
	f.spans = append(f.spans, span{start: start, end: len(f.out), by: by, use: Use{Category: category, Name: resource, As: resource}})
}

// moved forgets where the text stood: it is placed anew.
func (f *filter) moved() {
	f.pending, f.unknown = 0, false
	for _, i := range f.clipped {
		f.spans[i].instead = nil
	}
	f.clipped = f.clipped[:0]
}

// show draws text, or not.
func (f *filter) show(op operator) {
	strings, line := f.line(op)
	empty := true
	for _, o := range strings {
		empty = empty && (o.kind != text || len(o.bytes) == 0)
	}
	drawn := f.keep || f.state.font != nil && f.state.font.Drawn()
	switch {
	case !empty && f.hide():
		f.out = append(f.out, line...)
		f.skip(strings)
	case !empty && f.state.mode == 3 && !drawn:
		f.Invisible++
		f.out = append(f.out, line...)
		f.skip(strings)
	case f.state.mode == 7 && !drawn && !empty:
		f.out = append(f.out, line...)
		if f.textCl == nil {
			f.textCl = &setter{}
		}
		f.catchUp()
		f.watch(strings)
		start := len(f.out)
		f.out = append(operand{kind: array, items: strings}.write(f.out), " TJ\n"...)
		f.skip(strings)
		instead := f.step()
		f.pending, f.unknown = 0, false
		f.clipped = append(f.clipped, len(f.spans))
		f.spans = append(f.spans, span{start: start, end: len(f.out), by: f.textCl, instead: instead, font: f.state.fontSet})
	default:
		if !empty {
			f.seen(f.state.mode != 1, f.state.mode != 0)
			f.watch(strings)
		}
		if len(strings) > 0 {
			f.state.fontSet.use() // numbers alone move on by its size
		}
		if len(line) > 0 {
			f.moved()
		}
		f.catchUp()
		f.put(op)
	}
}

func (f *filter) watch(strings []operand) {
	w, ok := f.state.font.(Watcher)
	if !ok {
		return
	}
	for _, o := range strings {
		if o.kind == text {
			w.Shown(o.bytes)
		}
	}
}

// line gives what a text operator shows, as for TJ, and what it does before: the quotes move to the next line.
func (f *filter) line(op operator) (strings []operand, before []byte) {
	n := len(op.operands)
	if n == 0 {
		return nil, nil
	}
	last := op.operands[n-1]
	switch op.name {
	case "TJ":
		return last.items, nil
	case "Tj":
		return op.operands[n-1:], nil
	case "\"":
		if n == 3 {
			f.state.wordSpace, f.state.charSpace = op.operands[0].value, op.operands[1].value
			before = append(append(before, op.operands[0].raw...), " Tw\n"...)
			before = append(append(before, op.operands[1].raw...), " Tc\n"...)
		}
	}
	return op.operands[n-1:], append(before, "T*\n"...)
}

// skip notes by how much text that is left out would have moved on.
func (f *filter) skip(strings []operand) {
	for _, o := range strings {
		if o.kind == number {
			f.pending -= o.value / 1000 * f.state.size * f.state.scale
			continue
		}
		width, glyphs, spaces, ok := 0.0, 0, 0, false
		if f.state.font != nil {
			width, glyphs, spaces, ok = f.state.font.Advance(o.bytes)
		}
		f.unknown = f.unknown || !ok
		f.pending += (width/1000*f.state.size + float64(glyphs)*f.state.charSpace + float64(spaces)*f.state.wordSpace) * f.state.scale
	}
}

// catchUp moves on by what was left out before, when text follows without being placed anew.
func (f *filter) catchUp() {
	f.out = append(f.out, f.step()...)
	f.pending, f.unknown = 0, false
	f.clipped = f.clipped[:0]
}

func (f *filter) step() []byte {
	by := -f.pending * 1000 / (f.state.size * f.state.scale)
	if f.pending == 0 || f.unknown || math.IsInf(by, 0) || math.IsNaN(by) {
		return nil
	}
	b := strconv.AppendFloat([]byte("["), by, 'f', 3, 64)
	return append(b, "] TJ\n"...)
}

func (f *filter) put(op operator) { f.out = f.append(f.out, op) }

func (f *filter) append(b []byte, op operator) []byte {
	for _, o := range op.operands {
		b = append(o.write(b), ' ')
	}
	return append(append(b, op.name...), '\n')
}

// finish closes what was left open and takes out what was set for nothing.
func (f *filter) finish() {
	if f.inText {
		f.out = append(f.out, "ET\n"...)
	}
	for range f.saved {
		f.out = append(f.out, "Q\n"...)
	}
	if len(f.spans) == 0 {
		f.Data = f.out
		return
	}
	for _, s := range f.spans {
		if s.by.used {
			s.font.use()
		}
	}
	kept, at := make([]byte, 0, len(f.out)), 0
	for _, s := range f.spans {
		kept = append(kept, f.out[at:s.start]...)
		at = s.end
		switch {
		case s.by.used:
			kept = append(kept, f.out[s.start:s.end]...)
			if s.use.Category != "" {
				f.Uses[s.use] = true
			}
		case s.use.Category == "":
			kept = append(kept, s.instead...)
			f.Invisible++
		}
	}
	f.Data = append(kept, f.out[at:]...)
}
