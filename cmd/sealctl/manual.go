package main

import (
	"github.com/alecthomas/kong"

	"sealdesk/cmd/sealctl/manual"
	"sealdesk/ui/desk/checkup"
	"sealdesk/ui/desk/words"
)

// whole is the grammar with all verbs, and its help in words.
func whole(c *words.Catalog) (*kong.Application, error) {
	parser, err := grammar(&general{}, verbs())
	if err != nil {
		return nil, err
	}
	return parser.Model, spell(c, parser.Model)
}

type manualCmd struct {
	Date string `default:"" placeholder:"2006-01-02" help:"manual_date"`
}

// Run prints the page of the manual.
func (c *manualCmd) Run(a *app) error {
	model, err := whole(a.words)
	if err != nil {
		return err
	}
	t := a.words.T
	return manual.WritePage(a.tui.out, model, manual.Headings{
		Name: t("ctl.manual.name"), Synopsis: t("ctl.manual.synopsis"), Description: t("ctl.manual.description"), Options: t("ctl.manual.options"),
		Commands: t("ctl.manual.commands"), Environment: t("ctl.manual.environment"), Required: t("ctl.manual.required"),
	}, checkup.ThisProgram("sealctl", version).Version, c.Date)
}

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"completion_shell"`
}

// Run prints a script for the shell.
func (c *completionCmd) Run(a *app) error {
	model, err := whole(a.words)
	if err != nil {
		return err
	}
	return manual.WriteCompletion(a.tui.out, model, c.Shell)
}
