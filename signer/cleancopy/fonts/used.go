package fonts

import (
	"context"
	"slices"
	"strings"

	"sealdesk/signer/pdf"
)

const maxResources = 10000 // dictionaries looked into

// Used lists the fonts that a PDF's pages draw with, by the names they have in it, without the mark of a subset. Errors are
// those of package pdf, or the context's.
func Used(ctx context.Context, f *pdf.File) ([]string, error) {
	u := user{f: f, seen: map[pdf.Ref]bool{}}
	err := f.EachPage(func(_ int, p pdf.Page) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return u.resources(p.Resources)
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(u.names)
	return slices.Compact(u.names), nil
}

type user struct {
	f     *pdf.File
	seen  map[pdf.Ref]bool
	names []string
}

// fresh tells whether an object has not been looked at yet.
func (u *user) fresh(o pdf.Object) bool {
	ref, ok := o.(pdf.Ref)
	if !ok {
		return o != nil
	}
	if u.seen[ref] || len(u.seen) == maxResources {
		return false
	}
	u.seen[ref] = true
	return true
}

func (u *user) resources(o pdf.Object) error {
	if !u.fresh(o) {
		return nil
	}
	d, err := u.f.Dict(o)
	if err != nil {
		return err
	}
	all, err := u.f.Dict(d["Font"])
	if err != nil {
		return err
	}
	for _, o := range all {
		if !u.fresh(o) {
			continue
		}
		font, err := u.f.Dict(o)
		if err != nil {
			return err
		}
		name, err := u.f.Name(font["BaseFont"])
		if err != nil {
			return err
		}
		if name != "" {
			u.names = append(u.names, withoutSubset(string(name)))
		}
	}
	forms, err := u.f.Dict(d["XObject"])
	if err != nil {
		return err
	}
	for _, o := range forms {
		if _, indirect := o.(pdf.Ref); !indirect || !u.fresh(o) {
			continue // a stream is always indirect
		}
		form, err := u.f.Stream(o)
		if err != nil {
			return err
		}
		if form != nil && form.Dict["Resources"] != nil {
			if err := u.resources(form.Dict["Resources"]); err != nil {
				return err
			}
		}
	}
	return nil
}

// withoutSubset cuts off the six letters that mark a subset (ISO 32000-2, 9.9.2).
func withoutSubset(name string) string {
	if len(name) > 7 && name[6] == '+' {
		return name[7:]
	}
	return name
}

// Substitutes tells for each font that a document asks for and this machine lacks what was drawn instead. used is what
// Used lists. Fonts of which nothing was drawn are not among them. By is "" where it cannot be told.
//
// A face of a collection may bear another face's name in a PDF: all faces of Noto CJK share their outlines, which are
// named after the Japanese one, whichever is drawn. So a font was used when any face of its file was.
func (s *Set) Substitutes(asked, used []string) []Replacement {
	if s == nil {
		return nil
	}
	left := map[string]bool{} // used, and not because of a font that is there
	for _, ps := range used {
		left[ps] = true
	}
	var missing []Replacement
	for _, name := range asked {
		name = strings.TrimPrefix(name, "@") // the upright form of a font for vertical text
		if s.Has(name) {
			s.claim(left, name, used)
			continue
		}
		missing = append(missing, Replacement{Name: name, By: s.Replacement(name)})
	}
	drawn := missing[:0]
	var unknown []int
	for _, r := range missing {
		if r.By != "" && s.claim(left, r.By, used) {
			drawn = append(drawn, r)
			continue
		}
		r.By = ""
		unknown = append(unknown, len(drawn))
		drawn = append(drawn, r)
	}
	var others []string
	for ps := range left {
		others = append(others, s.family(ps))
	}
	slices.Sort(others)
	others = slices.Compact(others)
	for i := len(unknown) - 1; i >= 0; i-- {
		switch {
		case len(others) == 0:
			drawn = slices.Delete(drawn, unknown[i], unknown[i]+1)
		case len(others) == 1:
			drawn[unknown[i]].By = others[0]
		}
	}
	return drawn
}

// claim marks what was drawn with a family, and tells whether something was.
func (s *Set) claim(left map[string]bool, family string, used []string) bool {
	found := false
	for _, ps := range used {
		if s.drawnWith(ps, family) {
			delete(left, ps)
			found = true
		}
	}
	return found
}

func (s *Set) drawnWith(ps, family string) bool {
	files := map[string]bool{}
	for _, f := range s.faces {
		if slices.ContainsFunc(f.Families, func(n string) bool { return strings.EqualFold(n, family) }) {
			files[f.File] = true
		}
	}
	return slices.ContainsFunc(s.faces, func(f Face) bool { return files[f.File] && named(ps, f.PostScript) })
}

// named tells whether a font's name in a PDF is that of a face. LibreOffice adds the part of a large font to it.
func named(ps, face string) bool {
	return face != "" && (ps == face || strings.HasPrefix(ps, face+"-"))
}

func (s *Set) family(ps string) string {
	for _, f := range s.faces {
		if named(ps, f.PostScript) && len(f.Families) > 0 {
			return f.Families[0]
		}
	}
	return ps
}
