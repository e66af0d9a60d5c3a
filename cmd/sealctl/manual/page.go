package manual

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Headings are the words of a page that are not the grammar's.
type Headings struct {
	Name, Synopsis, Description, Options, Commands, Environment string
	Required                                                    string // said of a flag that must be given
}

// WritePage writes a page of section 1 of the manual. version and date (2006-01-02) stand in its foot.
func WritePage(w io.Writer, app *kong.Application, h Headings, version, date string) error {
	p := &page{w: w}
	p.line(`.TH %s 1 "%s" %s`, strings.ToUpper(app.Name), date, quote(app.Name+" "+version))
	p.line(".SH %s", quote(h.Name))
	p.line(`%s \- %s`, text(app.Name), text(firstSentence(app.Help)))
	p.line(".SH %s", quote(h.Synopsis))
	p.line(".B %s", text(app.Name))
	p.line(`\fICOMMAND\fR [\fIFLAGS\fR]`)
	p.line(".SH %s", quote(h.Description))
	p.line("%s", text(app.Help))
	all := verbs(app)
	p.line(".SH %s", quote(h.Options))
	p.flags(all[0].flags, h)
	p.line(".SH %s", quote(h.Commands))
	variables := map[string]bool{}
	var order []string
	for _, v := range all {
		for _, f := range v.flags {
			for _, e := range f.Envs {
				if !variables[e] {
					variables[e] = true
					order = append(order, e+"\x00--"+f.Name+": "+f.Help)
				}
			}
		}
		if v.path == "" || len(v.verbs) > 0 {
			continue
		}
		p.line(".SS %s", quote(v.path+arguments(v.node)))
		p.line("%s", text(v.node.Help))
		for _, a := range v.node.Positional {
			if a.Help != "" {
				p.line(".TP\n\\fI%s\\fR\n%s", text(strings.ToUpper(a.Name)), text(a.Help))
			}
		}
		p.flags(v.flags, h)
	}
	if len(order) > 0 {
		p.line(".SH %s", quote(h.Environment))
		for _, o := range order {
			name, help, _ := strings.Cut(o, "\x00")
			p.line(".TP\n.B %s\n%s", text(name), text(help))
		}
	}
	return p.err
}

type page struct {
	w   io.Writer
	err error
}

func (p *page) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *page) flags(flags []*kong.Flag, h Headings) {
	for _, f := range flags {
		var shown []string
		for _, n := range names(f) {
			shown = append(shown, `\fB`+text(n)+`\fR`)
		}
		value := ""
		if !f.IsBool() {
			value = ` \fI` + text(f.FormatPlaceHolder()) + `\fR`
		}
		must := ""
		if f.Required {
			must = " " + h.Required
		}
		p.line(".TP\n%s%s\n%s", strings.Join(shown, ", "), value, text(f.Help+must))
	}
}

// arguments are a verb's, as they are typed.
func arguments(n *kong.Node) string {
	var out strings.Builder
	for _, a := range n.Positional {
		name := strings.ToUpper(a.Name)
		if a.IsSlice() {
			name += "..."
		}
		if !a.Required {
			name = "[" + name + "]"
		}
		out.WriteString(" " + name)
	}
	return out.String()
}

// firstSentence is what comes before the first colon or full stop, in either of the languages.
func firstSentence(s string) string {
	if i := strings.IndexAny(s, ":：。."); i > 0 {
		return s[:i]
	}
	return s
}

var escapes = strings.NewReplacer(`\`, `\e`, `-`, `\-`, "'", `\(aq`)

// text escapes what roff would take for its own: strokes, hyphens, and a dot or quote that begins a line.
func text(s string) string {
	var out []string
	for line := range strings.SplitSeq(escapes.Replace(strings.TrimSpace(s)), "\n") {
		if strings.HasPrefix(line, ".") {
			line = `\&` + line
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// quote makes one argument of a macro.
func quote(s string) string { return `"` + strings.ReplaceAll(text(s), `"`, `\(dq`) + `"` }
