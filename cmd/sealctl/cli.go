package main

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/alecthomas/kong"

	"sealdesk/assets/i18n"
	"sealdesk/token/libraries"
	"sealdesk/ui/desk/words"
)

// cli is the grammar. The help tags are keys of the language files, after "ctl.help.".
type cli struct {
	Lang string `enum:",zh-CN,en" default:"" placeholder:"zh-CN|en" help:"lang"`
	JSON bool   `name:"json" help:"json"`

	Converter string `env:"SEALDESK_CONVERTER" placeholder:"PROGRAM" help:"converter"`

	Token     tokenCmd     `cmd:"" help:"token"`
	Clean     cleanCmd     `cmd:"" help:"clean"`
	Compare   compareCmd   `cmd:"" help:"compare"`
	Sign      signCmd      `cmd:"" help:"sign"`
	Extend    extendCmd    `cmd:"" help:"extend"`
	Fields    fieldsCmd    `cmd:"" help:"fields"`
	Batch     batchCmd     `cmd:"" help:"batch"`
	Verify    verifyCmd    `cmd:"" help:"verify"`
	Seal      sealCmd      `cmd:"" help:"seal"`
	Bid       bidCmd       `cmd:"" help:"bid"`
	Login     loginCmd     `cmd:"" help:"login"`
	Contract  contractCmd  `cmd:"" help:"contract"`
	Platforms platformsCmd `cmd:"" help:"platforms"`
	Outbox    outboxCmd    `cmd:"" help:"outbox"`
	Demo      demoCmd      `cmd:"" help:"demo"`
	Doctor    doctorCmd    `cmd:"" help:"doctor"`
	Version   versionCmd   `cmd:"" help:"version"`
}

// app is what every verb is given.
type app struct {
	ctx    context.Context
	tui    *tui
	words  *words.Catalog
	getenv func(string) string
	set    *libraries.Set // opened when first needed

	converter string // of Word documents, as the setting has it; empty: it is looked for
}

// run reads the arguments, does the verb and gives the exit status.
func run(ctx context.Context, args []string, t terminal) int {
	lang := words.FromEnvironment(t.getenv)
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

	var c cli
	helped := false
	parser, err := kong.New(&c,
		kong.Name("sealctl"), kong.Description(catalog.T("ctl.help.sealctl")),
		helpTexts(catalog), kong.Writers(t.out, t.err),
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
	tui.json = c.JSON
	a := &app{ctx: ctx, tui: tui, words: catalog, getenv: t.getenv, converter: c.Converter}
	defer a.close()
	if err := line.Run(a); err != nil {
		if ctx.Err() != nil {
			err = fault("interrupted", "cause", err)
		}
		return tui.fail(err)
	}
	return statusDone
}

// close ends the helpers of key libraries.
func (a *app) close() {
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

// helpTexts replaces the keys in the grammar's help by their texts. Kong's own help of --help stays.
func helpTexts(c *words.Catalog) kong.Option {
	return kong.PostBuild(func(k *kong.Kong) error {
		return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
			switch n := node.(type) {
			case *kong.Node:
				n.Help = helpText(c, n.Help)
			case *kong.Value: // an argument; flags are values, too
				n.Help = helpText(c, n.Help)
			case *kong.Flag:
				n.Help = helpText(c, n.Help)
			}
			return next(nil)
		})
	})
}

func helpText(c *words.Catalog, key string) string {
	full := "ctl.help." + key
	if text := c.T(full); text != full {
		return text
	}
	return key
}
