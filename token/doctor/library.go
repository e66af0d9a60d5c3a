package doctor

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"sealdesk/token"
	"sealdesk/token/foreign"
	"sealdesk/token/libraries"
	"sealdesk/token/modhost"
	"sealdesk/token/profile"
)

// answer is what came of asking one library.
type answer struct {
	from         libraries.Library
	library      Check
	keys         []Check
	certificates []Check
}

// askOne loads a library in its helper and looks at the keys that it reaches.
func (e *examination) askOne(ctx context.Context, l libraries.Library) answer {
	a := answer{from: l}
	params := func() map[string]any {
		return map[string]any{"product": e.name(l.Profile.Product), "library": l.Library}
	}
	fail := func(err error) answer {
		a.library = failed(Library, err, params())
		a.library.Params["library"] = l.Library // errors tell the file's name alone
		return a
	}
	if l.Problem != nil {
		return fail(l.Problem)
	}
	driver, err := e.set.Driver(l.Library, l.Profile.Interface)
	if err != nil {
		return fail(err)
	}
	tokens, err := driver.Tokens(ctx)
	if err != nil {
		c := fail(err)
		var quarantined *modhost.QuarantineError
		var crashed *modhost.CrashError
		var hung *modhost.HangError
		switch {
		case errors.As(err, &quarantined):
			c.library.Advice = "doctor.library_reenable"
		case errors.As(err, &crashed), errors.As(err, &hung):
			c.library.Advice = "doctor.library_crashed"
		}
		return c
	}
	e.look(ctx, tokens, &a, map[string]any{
		"product": e.name(l.Profile.Product), "interface": interfaceOf(l.Profile.Interface), "library": l.Library,
	})
	a.library = Check{Step: Library, Code: "doctor.library", State: OK, Params: params()}
	a.library.Params["keys"] = len(tokens)
	// The library's own words come last: a library that fails at this only is still of use.
	if about, err := driver.About(ctx); err == nil {
		a.library.Params["about"] = foreign.Clean(about, maxDetail)
		a.library.Code = "doctor.library_version"
	} else if !errors.Is(err, token.ErrNotSupported) {
		a.library.Detail = foreign.Clean(err.Error(), maxDetail)
	}
	if s := driver.Status(); s.Crashes > 0 {
		a.library.Code, a.library.State, a.library.Advice = "doctor.library_crashed", Warning, "doctor.library_crashed"
		a.library.Params["crashes"] = s.Crashes
	}
	return a
}

// spare makes the trouble of a library a warning where keys are reached through others, or where it stands on a PC/SC service that
// is not there, and it is not the one that a key in the port would need: nobody's signature fails for it.
func (e *examination) spare(plugged []device, answers []answer) {
	reach := func(d *device) bool { // through which any key is reached, or this one
		return slices.ContainsFunc(answers, func(a answer) bool { return len(a.keys) > 0 && (d == nil || d.servedBy(a.from)) })
	}
	for i, a := range answers {
		needed := slices.ContainsFunc(plugged, func(d device) bool { return d.servedBy(a.from) && !reach(&d) })
		unserved := e.noService && a.from.Profile.UsesPCSC(a.from.Library)
		if a.library.State == Broken && (reach(nil) || unserved) && !needed {
			answers[i].library.State = Warning
		}
	}
}

// look looks at each of the keys.
func (e *examination) look(ctx context.Context, tokens []token.Token, a *answer, by map[string]any) {
	for _, t := range tokens {
		keys, certificates := e.key(ctx, t, by)
		a.keys, a.certificates = append(a.keys, keys...), append(a.certificates, certificates...)
		_ = t.Close() // nothing was unlocked
	}
}

// others looks at the keys that need no library.
func (e *examination) others(ctx context.Context) []answer {
	var answers []answer
	for _, d := range e.Others {
		var a answer
		tokens, err := d.Tokens(ctx)
		if err != nil {
			a.keys = []Check{failed(Key, err, map[string]any{})}
		}
		e.look(ctx, tokens, &a, nil)
		answers = append(answers, a)
	}
	return answers
}

// missing tells of keys that are plugged in and have no library, and of the want of any library.
func (e *examination) missing(plugged []device) {
	told := 0
	for _, d := range plugged {
		switch {
		case len(d.profiles) == 0: // a reader, for cards that OpenSC knows
			if !slices.ContainsFunc(e.found, func(l libraries.Library) bool { return l.Profile.UsesPCSC(l.Library) }) {
				told++
				e.add(Check{
					Step: Library, Code: "doctor.reader_without_library", State: Warning, Advice: "doctor.get_opensc",
					Params: map[string]any{"usb": d.number},
				})
			}
		case !slices.ContainsFunc(e.found, d.servedBy):
			told++
			e.add(e.withoutLibrary(d))
		}
	}
	if told > 0 || len(e.found) > 0 {
		return
	}
	c := Check{Step: Library, Code: "doctor.library_none", State: Warning, Advice: "doctor.library_none"}
	for _, l := range e.sought {
		c.Looked = append(c.Looked, l.Library)
	}
	c.Params = map[string]any{"places": len(c.Looked)}
	e.add(c)
}

// withoutLibrary tells which library a key lacks, and where it was looked for.
func (e *examination) withoutLibrary(d device) Check {
	c := Check{Step: Library, Code: "doctor.key_without_library", State: Broken, Advice: "doctor.get_from_vendor"}
	var names, folders []string
	vendor := ""
	for _, p := range d.profiles {
		vendor = e.name(p.Vendor)
		for _, name := range p.Names {
			if e.isOurs(name) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		for _, l := range e.sought {
			if l.Profile.ID != p.ID {
				continue
			}
			c.Looked = append(c.Looked, l.Library)
			if folder := filepath.Dir(l.Library); !slices.Contains(folders, folder) {
				folders = append(folders, folder)
			}
		}
	}
	c.Params = map[string]any{
		"product": d.product, "vendor": vendor, "names": strings.Join(names, ", "), "folders": strings.Join(folders, ", "),
	}
	if len(c.Looked) == 0 { // no library for this system is known
		c.Code = "doctor.key_without_known_library"
	}
	return c
}

// isOurs tells whether a pattern of file names is one for this system's libraries.
func (e *examination) isOurs(pattern string) bool {
	switch e.System {
	case "windows":
		return strings.HasSuffix(pattern, ".dll")
	case "darwin":
		return strings.HasSuffix(pattern, ".dylib")
	}
	return strings.Contains(pattern, ".so")
}

// interfaceOf names the interface of a library as people call it.
func interfaceOf(i profile.Interface) string {
	if i == profile.InterfacePKCS11 {
		return "PKCS#11"
	}
	return "SKF"
}
