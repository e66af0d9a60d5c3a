package main

import (
	"flag"
	"fmt"
	"os"

	"sealdesk/cmd/internal/daemon"
	"sealdesk/platformapi"
	"sealdesk/platformapi/calendar"
	"sealdesk/platformapi/platform"
	"sealdesk/signer/disk"
)

// maxTableFile bounds a table of holidays or terms, in bytes.
const maxTableFile = 1 << 20

// flowOptions say how contracts are made on this platform, and by which days their terms are counted.
type flowOptions struct {
	order, calendar, terms, templates string
}

func (o *flowOptions) declare(f *flag.FlagSet) {
	f.StringVar(&o.order, "order", string(platformapi.OrderSealFirst), "`order` in which contracts are made: seal_first (one side seals and submits, the other seals and agrees) or review_first (both agree, then both seal)")
	f.StringVar(&o.calendar, "calendar", "", "JSON `file` of years' holidays and worked weekends, which win over those that are built in")
	f.StringVar(&o.terms, "terms", "", "JSON `file` of the legal terms, in place of those that are built in")
	f.StringVar(&o.templates, "templates", "", "`folder` of contract templates, with templates.json in it")
}

// apply reads what the files say.
func (o *flowOptions) apply(config *platform.Config) error {
	config.Order = platformapi.SealOrder(o.order)
	config.Rules = calendar.Rules{Calendar: calendar.Embedded(), Terms: calendar.EmbeddedTerms()}
	if o.calendar != "" {
		data, err := disk.Read(o.calendar, maxTableFile)
		if err != nil {
			return daemon.File("calendar", o.calendar, err)
		}
		more, err := calendar.Parse(data)
		if err != nil {
			return daemon.File("calendar", o.calendar, err)
		}
		config.Rules.Calendar = config.Rules.Calendar.With(more)
	}
	if o.terms != "" {
		data, err := disk.Read(o.terms, maxTableFile)
		if err != nil {
			return daemon.File("terms", o.terms, err)
		}
		if config.Rules.Terms, err = calendar.ParseTerms(data); err != nil {
			return daemon.File("terms", o.terms, err)
		}
	}
	if o.templates != "" {
		var err error
		if config.Templates, err = platform.ReadTemplates(os.DirFS(o.templates)); err != nil {
			return fmt.Errorf("--templates %s: %w", o.templates, err)
		}
	}
	return nil
}
