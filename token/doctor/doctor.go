package doctor

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"sealdesk/token"
	"sealdesk/token/foreign"
	"sealdesk/token/libraries"
	"sealdesk/token/profile"
)

// State says how a step stands.
type State string

const (
	OK            State = "ok"
	Warning       State = "warning" // it works, or is not needed now, but wants attention
	Broken        State = "broken"
	NotApplicable State = "notApplicable" // this system has no such step, or nothing needs it
)

// Step is a place on the way from the port to the certificate.
type Step string

// The steps in their order.
const (
	USB         Step = "usb"
	Access      Step = "access"  // the right to open the device
	Service     Step = "service" // PC/SC
	Library     Step = "library"
	Key         Step = "key"
	Certificate Step = "certificate"
)

// A Check is what was found at one step.
type Check struct {
	Step   Step           `json:"step"`
	Code   string         `json:"code"` // "doctor." and what was found, or the code of the error that a library or a key gave
	State  State          `json:"state"`
	Params map[string]any `json:"params,omitempty"` // texts and whole numbers, for the sentence of the code
	Advice string         `json:"advice,omitempty"` // code of what to do; empty when there is nothing to do
	Looked []string       `json:"looked,omitempty"` // paths at which a missing library was looked for
	Detail string         `json:"detail,omitempty"` // in English, for whoever helps
}

// A Report holds the checks in the order of the steps. There are several of a step where there are several libraries, keys or
// certificates.
type Report struct {
	Checks []Check `json:"checks"`
}

// First gives the first step that is broken.
func (r Report) First() (Check, bool) {
	i := slices.IndexFunc(r.Checks, func(c Check) bool { return c.State == Broken })
	if i < 0 {
		return Check{}, false
	}
	return r.Checks[i], true
}

// WithoutLabels is the report with the serial number in the place of each key's label and model, for a label may be a person's
// name, and an SKF key's model is the label of the whole device.
func (r Report) WithoutLabels() Report {
	checks := slices.Clone(r.Checks)
	for i, c := range checks {
		if _, ok := c.Params["label"]; ok {
			checks[i].Params = maps.Clone(c.Params)
			checks[i].Params["label"] = c.Params["serial"]
			delete(checks[i].Params, "model")
		}
	}
	return Report{checks}
}

// Options say what is examined. The zero value is for this machine and now.
type Options struct {
	Root    string           // folder of the file system in which /sys, /dev, /run and the udev rules are; empty: its root
	System  string           // as in runtime.GOOS, which is taken when it is empty
	English bool             // names of products in Params are English, not Chinese
	Now     func() time.Time // nil: time.Now
	Others  []token.Driver   // of keys that need no library, such as software keys
}

// Bounds of an examination.
const (
	atOnce    = 4   // libraries that are asked at the same time
	maxDetail = 300 // runes
)

// examination is one walk.
type examination struct {
	Options
	set    *libraries.Set
	found  []libraries.Library // those that are here
	sought []libraries.Library // those that are not
	report Report

	noService bool // PC/SC is needed by a library and does not answer
}

// Examine walks the steps. Libraries are loaded, each in its helper and with the deadlines of package modhost; they are asked
// side by side. What ends ctx ends the questions, and shows as a library that was not asked to the end.
func Examine(ctx context.Context, set *libraries.Set, o Options) Report {
	o.System = cmp.Or(o.System, runtime.GOOS)
	o.Root = cmp.Or(o.Root, string(filepath.Separator))
	if o.Now == nil {
		o.Now = time.Now
	}
	e := &examination{Options: o, set: set}
	look := set.Look() // a driver may have been installed since
	for _, l := range set.All() {
		if l.Found {
			e.found = append(e.found, l)
		} else {
			e.sought = append(e.sought, l)
		}
	}
	plugged := e.usb()
	e.access(plugged)
	e.service(plugged)
	answers := e.ask(ctx)
	e.spare(plugged, answers)
	for _, a := range answers {
		e.add(a.library)
	}
	if look != nil {
		e.add(failed(Library, look, map[string]any{}))
	}
	e.missing(plugged)
	answers = append(answers, e.others(ctx)...)
	e.keys(plugged, answers)
	for _, a := range answers {
		e.add(a.certificates...)
	}
	return e.report
}

func (e *examination) add(checks ...Check) { e.report.Checks = append(e.report.Checks, checks...) }

// ask asks every library, in the order in which they are listed.
func (e *examination) ask(ctx context.Context) []answer {
	answers := make([]answer, len(e.found))
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, l := range e.found {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			answers[i] = e.askOne(ctx, l)
		})
	}
	all.Wait()
	return answers
}

// name is a product's or vendor's name in the language of the report.
func (e *examination) name(t profile.Text) string {
	if e.English {
		return t.En
	}
	return t.Zh
}

// failed is the check of a step that ended with an error; the sentences are those of its code.
func failed(step Step, err error, params map[string]any) Check {
	switch {
	case errors.Is(err, context.Canceled):
		err = errors.Join(token.ErrCancelled, err)
	case errors.Is(err, context.DeadlineExceeded):
		err = errors.Join(token.ErrTimeout, err)
	}
	c := Check{Step: step, State: Broken, Code: codeUnknown, Params: params, Detail: foreign.Clean(err.Error(), maxDetail)}
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		c.Code = coded.Code()
		if told, ok := coded.(interface{ Params() map[string]any }); ok {
			maps.Copy(c.Params, told.Params())
		}
	}
	c.Advice = c.Code
	if c.Code == codeUnknown {
		c.Advice = "doctor.key_unseen" // the code's own advice is to come here
	}
	return c
}

// codeUnknown is the code of errors that have none.
const codeUnknown = "token.driver_failed"
