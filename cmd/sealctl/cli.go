package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"sealdesk/assets/i18n"
	"sealdesk/signer/seal"
	"sealdesk/token/libraries"
	"sealdesk/ui/desk/words"
)

// general is what stands before or after any verb. Here and in the verbs the help tags are keys of the language files, after
// "ctl.help.".
type general struct {
	Lang string `enum:",${languages}" default:"" placeholder:"TAG" help:"lang"`
	JSON bool   `name:"json" help:"json"`

	Converter string `env:"SEALDESK_CONVERTER" placeholder:"PROGRAM" help:"converter"`
}

// verb is what the program is told to do; its help has the key of its name.
type verb struct {
	name string
	cmd  any // a pointer to a struct that kong reads
	tags []string
}

// verbs are all that the program can do, in the order of its help.
func verbs() []verb {
	return []verb{
		{name: "token", cmd: &tokenCmd{}},
		{name: "clean", cmd: &cleanCmd{}},
		{name: "compare", cmd: &compareCmd{}},
		{name: "sign", cmd: &signCmd{}},
		{name: "extend", cmd: &extendCmd{}},
		{name: "fields", cmd: &fieldsCmd{}},
		{name: "batch", cmd: &batchCmd{}},
		{name: "verify", cmd: &verifyCmd{}},
		{name: "seal", cmd: &sealCmd{}},
		{name: "bid", cmd: &bidCmd{}},
		{name: "login", cmd: &loginCmd{}},
		{name: "contract", cmd: &contractCmd{}},
		{name: "platforms", cmd: &platformsCmd{}},
		{name: "outbox", cmd: &outboxCmd{}},
		{name: "demo", cmd: &demoCmd{}},
		{name: "feed", cmd: &feedCmd{}},
		{name: "doctor", cmd: &doctorCmd{}},
		{name: "version", cmd: &versionCmd{}},
		{name: "completion", cmd: &completionCmd{}},
		{name: "manual", cmd: &manualCmd{}, tags: []string{`hidden:""`}}, // for whoever makes packages
	}
}

// meant are the verbs of which the arguments can be read: the one that they begin with, else all. To read all their flags
// takes longer than to verify a short file.
func meant(args []string) []verb {
	all := verbs()
	if len(args) > 0 {
		if i := slices.IndexFunc(all, func(v verb) bool { return v.name == args[0] }); i >= 0 {
			return all[i : i+1]
		}
	}
	return all
}

// grammar reads arguments into g and into one of the verbs.
func grammar(g *general, of []verb, options ...kong.Option) (*kong.Kong, error) {
	languages, err := words.Languages(i18n.Files)
	if err != nil {
		return nil, err
	}
	var kinds []string
	for _, f := range seal.Forms() {
		kinds = append(kinds, string(f))
	}
	options = append(options, kong.Vars{"languages": strings.Join(languages, ","), "seal_kinds": strings.Join(kinds, ",")})
	for _, v := range of {
		options = append(options, kong.DynamicCommand(v.name, v.name, "", v.cmd, v.tags...))
	}
	return kong.New(g, append(options, kong.Name("sealctl"), kong.Description("sealctl"))...)
}

// app is what every verb is given.
type app struct {
	ctx    context.Context
	tui    *tui
	words  *words.Catalog
	getenv func(string) string
	set    *libraries.Set // opened when first needed
	ends   []func()       // what is to be done when the verb is done, the last first

	converter string // of Word documents, as the setting has it; empty: it is looked for
}

// run reads the arguments, does the verb and gives the exit status.
func run(ctx context.Context, args []string, t terminal) int {
	languages, err := words.Languages(i18n.Files)
	if err != nil {
		_, _ = io.WriteString(t.err, err.Error()+"\n")
		return statusInternal
	}
	lang := words.FromEnvironment(t.getenv, languages)
	if asked := langFlag(args); asked != "" {
		lang = asked // the grammar's own words must be chosen before it is read
	}
	catalog, err := words.New(i18n.Files, lang)
	if err != nil {
		_, _ = io.WriteString(t.err, err.Error()+"\n")
		return statusInternal
	}
	tui := newTUI(t, catalog)
	tui.json = slices.Contains(args, "--json") // an error of usage is told in the same form

	var g general
	helped := false
	parser, err := grammar(&g, meant(args),
		kong.Help(help(catalog)), kong.Writers(t.out, t.err),
		// Help was asked for and printed; what is missing beside it does not matter then.
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return tui.fail(err)
	}
	line, err := parser.Parse(args)
	if helped {
		return statusDone
	}
	if err != nil {
		var wrong *kong.ParseError
		if errors.As(err, &wrong) {
			err = fault("usage", "detail", wrong.Error())
		}
		return tui.fail(err)
	}
	tui.json = g.JSON
	a := &app{ctx: ctx, tui: tui, words: catalog, getenv: t.getenv, converter: g.Converter}
	defer a.close()
	if err := line.Run(a); err != nil {
		if ctx.Err() != nil {
			err = fault("interrupted", "cause", err)
		}
		return tui.fail(err)
	}
	return statusDone
}

// atEnd has something done when the verb is done.
func (a *app) atEnd(do func()) { a.ends = append(a.ends, do) }

// close does what was left for the end, and ends the helpers of key libraries.
func (a *app) close() {
	for _, end := range slices.Backward(a.ends) {
		end()
	}
	if a.set != nil {
		_ = a.set.Close() // nothing was changed
	}
}

// langFlag finds --lang before the grammar is read; the grammar judges its value.
func langFlag(args []string) string {
	const name = "--lang"
	for i, a := range args {
		switch {
		case a == "--":
			return ""
		case a == name && i+1 < len(args):
			return args[i+1]
		case len(a) > len(name) && a[:len(name)+1] == name+"=":
			return a[len(name)+1:]
		}
	}
	return ""
}

// help prints the grammar with the texts of its keys, which are not looked up before: most runs print no help.
func help(c *words.Catalog) kong.HelpPrinter {
	return func(options kong.HelpOptions, line *kong.Context) error {
		if err := spell(c, line.Model); err != nil {
			return err
		}
		return kong.DefaultHelpPrinter(options, line)
	}
}

// spell puts the texts in the place of their keys. Kong's own help of --help stays.
func spell(c *words.Catalog, grammar *kong.Application) error {
	return kong.Visit(grammar, func(node kong.Visitable, next kong.Next) error {
		switch n := node.(type) {
		case *kong.Application:
			n.Help = helpText(c, n.Help)
		case *kong.Node:
			n.Help = helpText(c, n.Help)
		case *kong.Value: // an argument; flags are values, too
			n.Help = helpText(c, n.Help)
		case *kong.Flag:
			n.Help = helpText(c, n.Help)
		}
		return next(nil)
	})
}

func helpText(c *words.Catalog, key string) string {
	full := "ctl.help." + key
	if text := c.T(full); text != full {
		return text
	}
	return key
}
