package desk

import (
	"os"
	"strings"
	"testing"

	"sealdesk/signer/seal"
)

func places(t *testing.T, texts ...string) []seal.Place {
	t.Helper()
	var out []seal.Place
	for _, text := range texts {
		p, err := seal.ParsePlace(text)
		must(t, err)
		out = append(out, p)
	}
	return out
}

func said(list []Template) string {
	var out []string
	for _, t := range list {
		line := t.Name + ":"
		for _, p := range t.Places {
			line += " " + p.String()
		}
		out = append(out, line)
	}
	return strings.Join(out, " | ")
}

// Templates are kept for one kind of document, the last places first, and are there again when the program is.
func TestTemplatesAreRememberedForTheirKind(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	must(t, s.KeepTemplate("contract", Template{"两处", places(t, "page=last,x=60mm,y=200mm", "edge,group=20")}))
	must(t, s.KeepTemplate("contract", Template{LastPlaces, places(t, "keyword=\"甲方,乙方\",hit=all,date")}))
	must(t, s.KeepTemplate("other", Template{"别的", places(t, "edge")}))
	must(t, s.KeepTemplate("contract", Template{"一处", places(t, "page=1,x=60mm,y=200mm")}))
	list, err := s.Templates("contract")
	must(t, err)
	want := `: keyword="甲方,乙方",hit=all,date | 两处: page=last,x=60mm,y=200mm edge,group=20 | 一处: page=1,x=60mm,y=200mm`
	if got := said(list); got != want {
		t.Errorf("remembered %s", got)
	}
	if info, err := os.Stat(s.templateFile()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	must(t, s.KeepTemplate("contract", Template{"两处", places(t, "edge")}))
	must(t, s.DropTemplate("contract", "一处"))
	must(t, s.DropTemplate("contract", "从来没有"))
	list, err = s.Templates("contract")
	must(t, err)
	if got := said(list); got != `: keyword="甲方,乙方",hit=all,date | 两处: edge` {
		t.Errorf("after the change: %s", got)
	}
	for name, code := range map[string]string{strings.Repeat("长", 31): "desk.template_name", "a\u202eb": "desk.template_name"} {
		told(t, w.words, s.KeepTemplate("contract", Template{name, places(t, "edge")}), code)
	}
	for i := range maxTemplates {
		err = s.KeepTemplate("many", Template{strings.Repeat("x", i%30) + string(rune('a'+i/30)), places(t, "edge")})
		must(t, err)
	}
	told(t, w.words, s.KeepTemplate("many", Template{"one more", places(t, "edge")}), "desk.template_many")
}

// A file that was spoilt is no hindrance, and is not thrown away.
func TestASpoiltFileOfTemplatesIsSetAside(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	must(t, os.WriteFile(s.templateFile(), []byte("{broken"), 0o600))
	_, err := s.Templates("contract")
	told(t, w.words, err, "desk.templates_unreadable")
	must(t, s.KeepTemplate("contract", Template{"一处", places(t, "edge")}))
	list, err := s.Templates("contract")
	must(t, err)
	if said(list) != "一处: edge" {
		t.Errorf("%s", said(list))
	}
	if kept, err := os.ReadFile(s.templateFile() + ".bad"); err != nil || string(kept) != "{broken" {
		t.Errorf("set aside: %q, %v", kept, err)
	}
	// A place of another version of the program leaves its template out, and no other.
	must(t, os.WriteFile(s.templateFile(), []byte(`{"contract":[{"name":"a","places":["edge"]},{"name":"b","places":["moon"]}]}`), 0o600))
	list, err = s.Templates("contract")
	must(t, err)
	if said(list) != "a: edge" {
		t.Errorf("%s", said(list))
	}
	must(t, os.WriteFile(s.templateFile(), []byte("null"), 0o600))
	must(t, s.KeepTemplate("contract", Template{"一处", places(t, "edge")}))
}

// Who seals has the places of the last time; the other side of the same kind of contract has its own.
func TestSealingRemembersThePlaces(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.clean(work)
	w.seal(work)
	list, err := s.Templates(work.DocumentKind())
	must(t, err)
	if said(list) != ": page=1,x=70mm,y=200mm" {
		t.Errorf("remembered %q of %s", said(list), work.DocumentKind())
	}
	if kind := work.DocumentKind(); !strings.HasPrefix(kind, "contract/") || !strings.HasSuffix(kind, "/purchaser") {
		t.Errorf("the kind is %s", kind)
	}
}
