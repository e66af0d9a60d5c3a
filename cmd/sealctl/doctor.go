package main

import (
	"sealdesk/platformapi/client"
	"sealdesk/token"
	"sealdesk/token/doctor"
	"sealdesk/token/soft"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/checkup"
	"sealdesk/ui/desk/keyring"
)

type doctorCmd struct {
	Bundle     string `placeholder:"FILE.zip" help:"doctor_bundle"`
	Platform   string `env:"SEALDESK_PLATFORM" placeholder:"NAME|URL" help:"doctor_platform"`
	PlatformCA string `name:"platform-ca" placeholder:"FILE" help:"platform_ca"`
}

// doctorJSON is the answer of `doctor --json`.
type doctorJSON struct {
	checkup.Report
	Bundle string `json:"bundle,omitempty"` // path
}

// Run prints {"checks": [{"step", "code", "state", "params", "advice", "looked", "detail", "what", "do"}], "bundle"}. A state is
// "ok", "warning", "broken" or "notApplicable". Its error carries the first broken step to the exit status.
func (c *doctorCmd) Run(a *app) error {
	if c.Bundle != "" {
		if err := mustBeFree(c.Bundle); err != nil {
			return err
		}
	}
	work, err := c.checkup(a)
	if err != nil {
		return err
	}
	if !a.tui.json && isTerminal(a.tui.err) {
		a.tui.warn("ctl.doctor.looking")
	}
	report := work.Run(a.ctx)
	if err := a.ctx.Err(); err != nil {
		return err
	}
	if c.Bundle != "" {
		data, err := work.Bundle(report, checkup.ThisProgram("sealctl", version))
		if err != nil {
			return err
		}
		if err := create(c.Bundle, data); err != nil {
			return err
		}
	}
	first, broken := report.First()
	err = a.tui.result(doctorJSON{report, c.Bundle}, func() {
		for _, check := range report.Checks {
			a.showCheck(check)
		}
		if !broken {
			a.tui.print("%s", a.words.T("ctl.doctor.fine"))
		}
		if c.Bundle != "" {
			a.tui.warn("ctl.doctor.bundle", "file", c.Bundle)
		}
	})
	switch {
	case err != nil || !broken:
		return err
	case first.OfKeys():
		return fault("broken_key", "what", first.What, "do", first.Do)
	case first.Step == checkup.Platform:
		return fault("broken_platform", "what", first.What, "do", first.Do)
	}
	return fault("broken", "what", first.What, "do", first.Do)
}

// checkup is what is looked over: the keys, folders and programs that the window uses, and the platform when it is named.
func (c *doctorCmd) checkup(a *app) (checkup.Checkup, error) {
	f, err := folders()
	if err != nil {
		return checkup.Checkup{}, err
	}
	set, err := a.libraries()
	if set == nil { // a damaged list of the person's own is what the doctor tells of
		return checkup.Checkup{}, err
	}
	work := checkup.Checkup{Words: a.words, Data: f.Data, Cache: f.Cache, Libraries: set, Converter: a.converter}
	keys, err := keysFolder()
	if err != nil {
		return work, err
	}
	software, err := soft.Open(keys)
	if err != nil {
		return work, err
	}
	work.Drivers = []token.Driver{software}
	if c.Platform != "" {
		_, at, kept, err := a.platform(c.Platform)
		if err != nil {
			return work, err
		}
		options, err := (&platformFlags{PlatformCA: c.PlatformCA}).options()
		address := c.Platform
		if kept && c.PlatformCA == "" {
			address = at.Address
			options.RootCAs, err = at.Pool()
		}
		if err != nil {
			return work, err
		}
		var ring desk.Keyring
		if system, ok := keyring.Chosen(a.getenv); ok {
			ring = system
		}
		options.Proxy = desk.ProxyIn(f, ring)
		platform, err := client.New(address, options)
		if err != nil {
			return work, err
		}
		work.Clock = platform.Now
	}
	return work, nil
}

// marks stand at the beginning of a check's line.
var marks = map[checkup.State]string{checkup.OK: "✓", checkup.Warning: "!", checkup.Broken: "✗", checkup.NotApplicable: "-"}

func (a *app) showCheck(c checkup.Check) {
	a.tui.print("%s %s: %s", marks[c.State], a.step(c.Step), c.What)
	if c.Do != "" {
		a.tui.print("  → %s", c.Do)
	}
	for _, path := range c.Looked {
		a.tui.print("    %s", path)
	}
}

func (a *app) step(s doctor.Step) string { return a.words.T("step." + string(s)) }
