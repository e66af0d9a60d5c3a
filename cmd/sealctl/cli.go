package main

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/alecthomas/kong"

	"sealdesk/assets/i18n"
	"sealdesk/ui/desk/words"
)

// cli is the grammar. The help of each verb and flag stands in the language files under "ctl.help.": see vars.
type cli struct {
	Lang string `enum:",zh-CN,en" default:"" placeholder:"zh-CN|en" help:"${lang}"`
	JSON bool   `name:"json" help:"${json}"`

	Token    tokenCmd    `cmd:"" help:"${token}"`
	Clean    cleanCmd    `cmd:"" help:"${clean}"`
	Sign     signCmd     `cmd:"" help:"${sign}"`
	Verify   verifyCmd   `cmd:"" help:"${verify}"`
	Seal     sealCmd     `cmd:"" help:"${seal}"`
	Login    loginCmd    `cmd:"" help:"${login}"`
	Contract contractCmd `cmd:"" help:"${contract}"`
	Outbox   outboxCmd   `cmd:"" help:"${outbox}"`
	Demo     demoCmd     `cmd:"" help:"${demo}"`
	Version  versionCmd  `cmd:"" help:"${version}"`
}

// app is what every verb is given.
type app struct {
	ctx    context.Context
	tui    *tui
	words  *words.Catalog
	getenv func(string) string
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
	if err := line.Run(&app{ctx: ctx, tui: tui, words: catalog, getenv: t.getenv}); err != nil {
		return tui.fail(err)
	}
	return statusDone
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

// helpTexts gives the grammar its words.
func helpTexts(c *words.Catalog) kong.Vars {
	vars := kong.Vars{}
	for _, name := range helpNames {
		vars[name] = c.T("ctl.help." + name)
	}
	return vars
}

// helpNames are the names that stand as ${name} in the grammar's help.
var helpNames = []string{
	"lang", "json", "token", "clean", "sign", "verify", "seal", "login", "contract", "outbox", "demo", "version",
	"token_list", "token_certs", "token_init", "token_pin", "token_uri", "token_uri_optional", "pin_file", "new_pin_file",
	"init_name", "init_work", "init_algorithm", "init_uscc", "init_handler",
	"clean_in", "clean_out", "clean_report",
	"sign_in", "sign_out", "sign_cert", "sign_seal", "sign_seal_name", "sign_at", "sign_reason", "trust",
	"verify_file", "seal_make", "seal_show", "seal_name", "seal_bottom", "seal_number", "seal_out", "seal_dpi", "seal_file",
	"platform", "platform_ca", "contract_list", "contract_show", "contract_new", "contract_attach", "contract_submit",
	"contract_agree", "contract_reject", "contract_withdraw", "contract_publish", "contract_lots", "contract_id", "contract_file",
	"contract_at", "contract_lot", "contract_name", "contract_number", "contract_amount", "contract_term", "contract_date",
	"contract_amount_reason", "contract_invoice", "contract_opinion", "contract_state", "contract_words", "contract_wait",
	"outbox_list", "outbox_retry", "outbox_withdraw", "outbox_id", "party",
	"demo_algorithm", "demo_token", "demo_token2", "demo_in", "demo_out", "demo_work",
}
