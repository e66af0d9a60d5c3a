package layers

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// shared are the objects 6 and more: layers in a list, what cannot be read, and an expression of which each part counts
// twice.
func shared() []string {
	list := []string{"[3 0 R 4 0 R]", "<< /Broken"}
	for n := range 30 {
		list = append(list, fmt.Sprintf("[/And %[1]d 0 R %[1]d 0 R]", 9+n))
	}
	return append(list, "[/Or 3 0 R]")
}

// document has three layers, objects 3 to 5 (A, B, C), under a configuration and with a usage for A.
func document(t *testing.T, config, usage string, more ...string) *pdf.File {
	t.Helper()
	return open(t, build(config, usage, more...))
}

func build(config, usage string, more ...string) []byte {
	var b pdftest.Builder
	root := b.AddRaw("<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [3 0 R 4 0 R 5 0 R] /D << " + config + " >> >> >>")
	b.AddRaw("<< /Type /Pages /Kids [] /Count 0 >>")
	for _, name := range []string{"A", "B", "C"} {
		b.AddRaw(fmt.Sprintf("<< /Type /OCG /Name (%s) %s >>", name, usage))
		usage = ""
	}
	for _, o := range more {
		b.AddRaw(o)
	}
	return b.Bytes(pdf.Table, root)
}

func open(t *testing.T, data []byte) *pdf.File {
	t.Helper()
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestConfiguration(t *testing.T) {
	const off = "/Usage << /Print << /PrintState /OFF >> /View << /ViewState /ON >> >>"
	tests := []struct{ name, config, usage, hidden, disputed string }{
		{"none", "", "", "", ""},
		{"off", "/OFF [4 0 R]", "", "B", ""},
		{"base state", "/BaseState /OFF /ON [4 0 R]", "", "A C", ""},
		{"off wins", "/ON [4 0 R] /OFF [4 0 R]", "", "B", ""},
		{"usage asked for", "/AS [<< /Event /Print /Category [/Print] /OCGs [3 0 R] >>]", off, "A", ""},
		{"usage asked for on the screen", "/AS [<< /Event /View /Category [/View] /OCGs [3 0 R] >>]", off, "", "A"},
		{"usage not asked for", "", off, "", "A"},
		{"usage that agrees", "/OFF [3 0 R]", off, "A", ""},
		{"off and not in the list", "/OFF [6 0 R]", "", "D", "D"},
		{"on and not in the list", "/ON [6 0 R]", "", "", ""},
		{"not for the screen", "", "/Usage << /View << /ViewState /OFF >> >>", "", "A"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Read(document(t, tt.config, tt.usage, "<< /Type /OCG /Name (D) >>"))
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Labels(false); !slices.Equal(got, strings.Fields(tt.hidden)) {
				t.Errorf("hidden %v, want %s", got, tt.hidden)
			}
			if !slices.Equal(s.Disputed, strings.Fields(tt.disputed)) {
				t.Errorf("disputed %v, want %s", s.Disputed, tt.disputed)
			}
		})
	}
}

func TestMemberships(t *testing.T) {
	a, b, c := pdf.Ref{Num: 3}, pdf.Ref{Num: 4}, pdf.Ref{Num: 5} // B is off
	type list = pdf.Array
	op := func(op pdf.Name, of ...pdf.Object) list { return append(list{op}, of...) }
	tests := []struct {
		name  string
		d     pdf.Dict
		shown bool
	}{
		{"one on", pdf.Dict{"OCGs": a}, true},
		{"one off", pdf.Dict{"OCGs": b}, false},
		{"any on", pdf.Dict{"OCGs": list{a, b}}, true},
		{"any on, none is", pdf.Dict{"OCGs": list{b}}, false},
		{"all on", pdf.Dict{"P": pdf.Name("AllOn"), "OCGs": list{a, b}}, false},
		{"all on, all are", pdf.Dict{"P": pdf.Name("AllOn"), "OCGs": list{a, c}}, true},
		{"any off", pdf.Dict{"P": pdf.Name("AnyOff"), "OCGs": list{a, b}}, true},
		{"any off, none is", pdf.Dict{"P": pdf.Name("AnyOff"), "OCGs": list{a, c}}, false},
		{"all off", pdf.Dict{"P": pdf.Name("AllOff"), "OCGs": list{a, b}}, false},
		{"all off, all are", pdf.Dict{"P": pdf.Name("AllOff"), "OCGs": list{b}}, true},
		{"nothing", pdf.Dict{"P": pdf.Name("AllOff")}, true},
		{"null", pdf.Dict{"P": pdf.Name("AllOn"), "OCGs": list{pdf.Null{}, pdf.Ref{Num: 99}}}, true},
		{"not", pdf.Dict{"OCGs": a, "VE": op("Not", a)}, false},
		{"and", pdf.Dict{"VE": op("And", a, b)}, false},
		{"or", pdf.Dict{"VE": op("Or", b, op("Not", b))}, true},
		{"nested", pdf.Dict{"VE": op("And", a, op("Or", b, op("And", c, op("Not", b))))}, true},
		{"no operator", pdf.Dict{"VE": op("Xor", a)}, false},
		{"or, none is", pdf.Dict{"VE": op("Or", b, b)}, false},
		{"and, both are", pdf.Dict{"VE": op("And", a, op("Or", a, b))}, true},
		{"what is no layer", pdf.Dict{"VE": op("And", pdf.Ref{Num: 2}, list{}, pdf.Integer(1))}, true},
		{"too many operands", pdf.Dict{"VE": append(op("And"), slices.Repeat(list{a}, maxMembers)...)}, false},
		{"an expression that is none", pdf.Dict{"OCGs": b, "VE": pdf.Integer(1)}, false},
		{"members elsewhere", pdf.Dict{"P": pdf.Name("AllOn"), "OCGs": pdf.Ref{Num: 6}}, false},
		{"a member that is no layer", pdf.Dict{"OCGs": pdf.Ref{Num: 2}}, true},
		{"members that are none", pdf.Dict{"OCGs": pdf.Integer(1)}, true},
		{"members that cannot be read", pdf.Dict{"OCGs": pdf.Ref{Num: 7}}, true},
		{"more members than are looked at", pdf.Dict{"P": pdf.Name("AllOn"), "OCGs": append(slices.Repeat(list{a}, maxMembers), b)}, true},
		{"operands that are shared again and again", pdf.Dict{"VE": pdf.Ref{Num: 8}}, false},
	}
	s, err := Read(document(t, "/OFF [4 0 R]", "", shared()...))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.d["Type"] = pdf.Name("OCMD")
			if _, shown := s.Shown(tt.d); shown != tt.shown {
				t.Errorf("shown %v", shown)
			}
		})
	}
	deep := op("Not", b)
	for range 10_000 {
		deep = op("Not", deep)
	}
	s.Shown(pdf.Dict{"Type": pdf.Name("OCMD"), "VE": deep}) // ends
	if label, shown := s.Shown(b); shown || label != "B" {
		t.Errorf("layer %q %v", label, shown)
	}
	if _, shown := s.Shown(pdf.Dict{"Type": pdf.Name("OCG")}); !shown {
		t.Error("what is no layer hides")
	}
}

// What says which layers are shown is refused when it cannot be read, or is of another type.
func TestSpoilt(t *testing.T) {
	data := build("/BaseState /ON /ON [3 0 R] /OFF [4 0 R] /AS [<< /Event /Print /Category [/Print] /OCGs [3 0 R] >>]", "/Usage << /Print << /PrintState /OFF >> >>")
	const anyhow, unreadable = "/OCProperties /OCGs /D /ON /OFF /AS /AS[0] /Usage /Print", "/OCGs[0] /OCGs[1] /OCGs[2] /ON[0] /OFF[0]"
	refused := 0
	pdftest.Spoilt(data, func(place string, data []byte) {
		_, err := Read(open(t, data))
		where, what, _ := strings.Cut(place, " ")
		last := where[strings.LastIndexByte(where, '/'):]
		told := slices.Contains(strings.Fields(anyhow), last) && what != "missing" ||
			slices.Contains(strings.Fields(unreadable), last) && what == "unreadable" && !strings.Contains(where, "/AS")
		if told != errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
			t.Errorf("%s: %v", place, err)
		}
		if err != nil {
			refused++
		}
	})
	if refused < 20 {
		t.Error("refused", refused)
	}
	many := strings.Repeat("3 0 R ", maxGroups)
	if _, err := Read(document(t, "/ON ["+many+"]", "")); !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
		t.Errorf("too many layers: %v", err)
	}
}
