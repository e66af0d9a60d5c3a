package main

import (
	"strings"
	"time"

	"sealdesk/signer"
	"sealdesk/signer/revocation"
	"sealdesk/signer/tsa"
)

type extendCmd struct {
	In       string `arg:"" help:"extend_in"`
	Out      string `required:"" short:"o" placeholder:"OUT.pdf" help:"extend_out"`
	Level    string `enum:"lt,lta" default:"lta" help:"extend_level"`
	TSA      string `name:"tsa" placeholder:"URL" help:"extend_tsa"`
	Intranet bool   `help:"sign_intranet"`
	trustFlags
}

// extendedJSON is the answer of `extend`.
type extendedJSON struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Level  string `json:"level"`
}

// Run prints {"file", "sha256", "size", "level"}.
func (c *extendCmd) Run(a *app) error {
	if err := mustBeFree(c.Out); err != nil {
		return err
	}
	switch {
	case c.Level == "lta" && c.TSA == "":
		return fault("level_needs_tsa")
	case c.Trust == "":
		return fault("level_needs_trust")
	}
	trusted, err := c.options()
	if err != nil {
		return err
	}
	e := signer.Extension{In: c.In, Out: c.Out, Level: signer.Level(strings.ToUpper(c.Level)), Judging: trusted}
	if e.Revocation, err = askToKeep(c.Intranet); err != nil {
		return err
	}
	if c.TSA != "" {
		e.Stamps = &tsa.Client{URL: c.TSA, Roots: trusted.Roots}
	}
	show, end := a.tui.progress()
	defer end()
	if show != nil {
		e.Progress = func(step signer.Step, done, total int64) { show(stepKeys[step], done, total) }
	}
	result, err := e.Run(a.ctx)
	end()
	if err != nil {
		return err
	}
	v := extendedJSON{c.Out, result.SHA256, result.Size, string(e.Level)}
	return a.tui.result(v, func() { a.tui.print("%s\t%s\tPAdES-%s", v.File, v.SHA256, v.Level) })
}

// askToKeep is askRevocation for answers that go into the file: those from before now were made before the signature.
func askToKeep(private bool) (*revocation.Checker, error) {
	c, err := askRevocation(private)
	if err == nil {
		c.Since = time.Now().Truncate(time.Second) // as exact as answers are
	}
	return c, err
}
