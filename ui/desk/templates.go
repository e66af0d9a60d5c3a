package desk

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"sealdesk/platformapi"
	"sealdesk/signer/disk"
	"sealdesk/signer/seal"
)

// A Template is a set of places for seals, remembered for a kind of document.
type Template struct {
	Name   string // LastPlaces for those of the last signature
	Places []seal.Place
}

// LastPlaces is the name of the template that every signature replaces: 上次的位置.
const LastPlaces = ""

// Bounds of what is remembered.
const (
	maxTemplates     = 50 // of a kind
	maxKinds         = 200
	maxTemplateName  = 30 // characters
	maxTemplateBytes = 1 << 20
	maxRemembered    = 100 // places of a template
)

// storedTemplate is a template in the party's file places.json, under its kind.
type storedTemplate struct {
	Name   string   `json:"name"`
	Places []string `json:"places"` // as seal.ParsePlace reads them
}

func (s *Session) templateFile() string { return filepath.Join(s.dir, "places.json") }

// Templates are the places remembered for a kind of document: the last ones first, then those with a name in the order in
// which they were kept. A place that cannot be read any more leaves its template out. Error: desk.templates_unreadable.
func (s *Session) Templates(kind string) ([]Template, error) {
	s.templatesMu.Lock()
	defer s.templatesMu.Unlock()
	all, err := s.loadTemplates()
	if err != nil {
		return nil, err
	}
	var out []Template
	for _, stored := range all[kind] {
		t := Template{Name: stored.Name}
		for _, text := range stored.Places {
			p, err := seal.ParsePlace(text)
			if err != nil {
				t.Places = nil
				break
			}
			t.Places = append(t.Places, p)
		}
		switch {
		case len(t.Places) == 0:
		case t.Name == LastPlaces:
			out = slices.Insert(out, 0, t)
		default:
			out = append(out, t)
		}
	}
	return out, nil
}

// KeepTemplate remembers places for a kind of document; one of the same name is replaced. Errors: desk.template_name,
// desk.template_many, or of the disk. A file that cannot be read any more is set aside as places.json.bad.
func (s *Session) KeepTemplate(kind string, t Template) error {
	if length(t.Name) > maxTemplateName || !platformapi.IsPlain(t.Name) {
		return fault("template_name", nil, "max", maxTemplateName)
	}
	stored := storedTemplate{Name: t.Name}
	for _, p := range t.Places {
		stored.Places = append(stored.Places, p.String())
	}
	return s.changeTemplates(func(all map[string][]storedTemplate) error {
		list := slices.DeleteFunc(all[kind], func(o storedTemplate) bool { return o.Name == t.Name })
		if len(list) >= maxTemplates || len(all) >= maxKinds || len(t.Places) > maxRemembered {
			return fault("template_many", nil, "max", maxTemplates)
		}
		all[kind] = append(list, stored)
		return nil
	})
}

// DropTemplate forgets a template; that there is none of the name is no error.
func (s *Session) DropTemplate(kind, name string) error {
	return s.changeTemplates(func(all map[string][]storedTemplate) error {
		all[kind] = slices.DeleteFunc(all[kind], func(o storedTemplate) bool { return o.Name == name })
		if len(all[kind]) == 0 {
			delete(all, kind)
		}
		return nil
	})
}

func (s *Session) loadTemplates() (map[string][]storedTemplate, error) {
	all := map[string][]storedTemplate{}
	data, err := disk.Read(s.templateFile(), maxTemplateBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		return nil, fault("templates_unreadable", err, "file", s.templateFile())
	}
	return all, nil
}

func (s *Session) changeTemplates(change func(map[string][]storedTemplate) error) error {
	s.templatesMu.Lock()
	defer s.templatesMu.Unlock()
	all, err := s.loadTemplates()
	if err != nil {
		if err := os.Rename(s.templateFile(), s.templateFile()+".bad"); err != nil {
			return diskError(s.templateFile(), err)
		}
		all = map[string][]storedTemplate{}
	}
	if all == nil { // the file said null
		all = map[string][]storedTemplate{}
	}
	if err := change(all); err != nil {
		return err
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(s.templateFile(), append(data, '\n'))
}

// DocumentKind names the kind of document that this work is about, for Templates: contracts of one kind of lot look alike,
// and each side has its own place on them.
func (w *Work) DocumentKind() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	role := w.d.Lot.MyRole
	if w.d.Known != nil {
		role = w.d.Known.Summary.MyRole
	}
	return "contract/" + string(w.d.Lot.Kind) + "/" + string(role)
}
