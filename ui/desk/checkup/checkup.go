package checkup

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"sealdesk/signer/cleancopy/fonts"
	"sealdesk/signer/cleancopy/office"
	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/token"
	"sealdesk/token/doctor"
	"sealdesk/token/libraries"
	"sealdesk/ui/desk/words"
)

// State says how a thing stands.
type State = doctor.State

// The states.
const (
	OK            = doctor.OK
	Warning       = doctor.Warning
	Broken        = doctor.Broken
	NotApplicable = doctor.NotApplicable
)

// The steps beside those of package doctor, in their order.
const (
	Platform doctor.Step = "platform"
	Office   doctor.Step = "office"
	Fonts    doctor.Step = "fonts"
	Folders  doctor.Step = "folders"
	Space    doctor.Step = "space"
)

// A Check is what was found, with its sentences in the person's language.
type Check struct {
	doctor.Check
	What string `json:"what"`         // what was found
	Do   string `json:"do,omitempty"` // what to do
}

// OfKeys tells whether the check is of a key or what leads to it.
func (c Check) OfKeys() bool {
	return slices.Contains([]doctor.Step{
		doctor.USB, doctor.Access, doctor.Service, doctor.Library, doctor.Key, doctor.Certificate,
	}, c.Step)
}

// A Report holds the checks, the keys' first.
type Report struct {
	Checks []Check `json:"checks"`
}

// First gives the first thing that is broken.
func (r Report) First() (Check, bool) {
	i := slices.IndexFunc(r.Checks, func(c Check) bool { return c.State == Broken })
	if i < 0 {
		return Check{}, false
	}
	return r.Checks[i], true
}

// A Checkup is what is looked over.
type Checkup struct {
	Words     *words.Catalog
	Data      string         // folder of what must not be lost
	Cache     string         // folder of what can be made again
	Libraries *libraries.Set // of USB keys; nil: keys are not looked for
	Drivers   []token.Driver // of other keys
	Clock     Clock          // nil: the platform is not asked
	Converter string         // program that converts Word documents; empty: it is looked for
	Kept      office.State   // of the one that is kept running

	Doctor doctor.Options // English and Others are set here
}

// A Clock is the platform's.
type Clock func(context.Context) (time.Time, error)

// Bounds of what is in order.
const (
	littleSpace = 2 << 30          // bytes free, below which a warning is due
	noSpace     = 200 << 20        // bytes free, below which signing a large contract may fail
	clockNotice = 60 * time.Second // by which this computer's clock may differ from the platform's
	clockWrong  = 10 * time.Minute
	askPlatform = 15 * time.Second
)

// Run looks. It takes seconds, and as long as a library hangs: package doctor has the deadlines.
func (c Checkup) Run(ctx context.Context) Report {
	var found []doctor.Check
	if c.Libraries != nil {
		o := c.Doctor
		o.Others = c.Drivers
		o.English = c.Words.Language() == words.English
		found = doctor.Examine(ctx, c.Libraries, o).Checks
	}
	if c.Clock != nil {
		found = append(found, c.platform(ctx))
	}
	found = append(found, c.converter(ctx), chinese(ctx), folder(c.Data), folder(c.Cache), space(c.Data))
	var r Report
	for _, f := range found {
		r.Checks = append(r.Checks, c.say(f))
	}
	return r
}

// say puts a check into words.
func (c Checkup) say(f doctor.Check) Check {
	params := maps.Clone(f.Params)
	if usage, ok := params["usage"].(string); ok {
		params["usage"] = c.Words.T("doctor.usage." + usage)
	}
	out := Check{Check: f}
	var ok bool
	if out.What, ok = c.Words.Sentence(f.Code, params); !ok {
		out.What = f.Code
	}
	// An error says what happened, and not always to which of several libraries.
	product, _ := params["product"].(string)
	library, _ := params["library"].(string)
	if product != "" && strings.HasPrefix(f.Code, "token.") {
		if strings.Contains(out.What, library) {
			out.What = c.Words.T("doctor.of_product", "product", product, "what", out.What)
		} else {
			out.What = c.Words.T("doctor.of_library", "product", product, "library", library, "what", out.What)
		}
	}
	if f.Advice != "" {
		out.Do, _ = c.Words.Advice(f.Advice, params)
	}
	return out
}

// platform asks the platform for its time, which shows that it can be reached and how this computer's clock goes.
func (c Checkup) platform(ctx context.Context) doctor.Check {
	ctx, cancel := context.WithTimeout(ctx, askPlatform)
	defer cancel()
	before := time.Now()
	theirs, err := c.Clock(ctx)
	after := time.Now()
	if err != nil {
		f := doctor.Check{
			Step: Platform, Code: "doctor.platform_unreachable", State: Broken, Advice: "doctor.platform_unreachable",
			Detail: err.Error(),
		}
		var coded interface{ Code() string }
		if errors.As(err, &coded) {
			f.Params = map[string]any{"code": coded.Code()}
		}
		return f
	}
	off := before.Add(after.Sub(before) / 2).Sub(theirs).Round(time.Second)
	f := doctor.Check{
		Step: Platform, Code: "doctor.platform", State: OK, Params: map[string]any{"seconds": int(off.Abs().Seconds())},
	}
	if off.Abs() > clockNotice {
		f.Code, f.State, f.Advice = "doctor.clock_slow", Warning, "doctor.clock"
		if off > 0 {
			f.Code = "doctor.clock_fast"
		}
	}
	if off.Abs() > clockWrong {
		f.State = Broken
	}
	return f
}

// converter looks for LibreOffice, without which only PDF files can be made clean.
func (c Checkup) converter(ctx context.Context) doctor.Check {
	f := doctor.Check{Step: Office, Code: "doctor.office_missing", State: Warning, Advice: "doctor.office_missing"}
	program := c.Converter
	if program == "" {
		found, err := office.Find()
		var why *refusal.Error
		if errors.As(err, &why) && why.Code() == refusal.ConverterConfined {
			f.Code, f.Advice, f.Params = "doctor.office_confined", "doctor.office_confined", why.Params()
		}
		if err != nil {
			return f
		}
		program = found
	}
	version, err := office.Version(ctx, program)
	if err != nil {
		f.Code, f.Advice, f.Detail = "doctor.office_silent", "doctor.office_silent", err.Error()
		f.Params = map[string]any{"program": program}
		return f
	}
	f = doctor.Check{
		Step: Office, Code: "doctor.office", State: OK, Params: map[string]any{"version": version, "program": program},
	}
	if c.Kept.Running {
		f.Code, f.Params["memory"] = "doctor.office_running", c.Kept.Memory>>20
	}
	return f
}

// chinese looks whether Chinese text has a font at all.
func chinese(ctx context.Context) doctor.Check {
	switch installed, known := fonts.Chinese(ctx); {
	case !known:
		return doctor.Check{Step: Fonts, Code: "doctor.fonts_elsewhere", State: NotApplicable}
	case !installed:
		return doctor.Check{Step: Fonts, Code: "doctor.fonts_missing", State: Warning, Advice: "doctor.fonts_missing"}
	}
	return doctor.Check{Step: Fonts, Code: "doctor.fonts", State: OK}
}

// folder looks whether one of the program's folders can be written to, and by nobody else; one that is not there yet, whether it
// can be made.
func folder(path string) doctor.Check {
	f := doctor.Check{Step: Folders, Code: "doctor.folder", State: OK, Params: map[string]any{"folder": path}}
	info, err := os.Stat(path)
	at := path
	for errors.Is(err, fs.ErrNotExist) && at != filepath.Dir(at) {
		at = filepath.Dir(at)
		info, err = os.Stat(at)
	}
	var probe *os.File
	if err == nil {
		probe, err = os.CreateTemp(at, ".checkup-*")
	}
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	switch {
	case err != nil:
		f.Code, f.State, f.Advice, f.Detail = "doctor.folder_not_writable", Broken, "doctor.folder_not_writable", err.Error()
	case at != path:
		f.Code = "doctor.folder_new"
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		f.Code, f.State, f.Advice = "doctor.folder_open", Warning, "doctor.folder_open"
	}
	return f
}

// space looks how much room there is where the program keeps contracts.
func space(path string) doctor.Check {
	var free uint64
	err := fs.ErrNotExist
	for at := path; err != nil; at = filepath.Dir(at) {
		free, err = freeSpace(at)
		if at == filepath.Dir(at) {
			break
		}
	}
	if err != nil {
		return doctor.Check{Step: Space, Code: "doctor.space_unknown", State: NotApplicable, Detail: err.Error()}
	}
	return spaceCheck(path, free)
}

func spaceCheck(path string, free uint64) doctor.Check {
	f := doctor.Check{
		Step: Space, Code: "doctor.space", State: OK, Params: map[string]any{"megabytes": int(min(free>>20, 1<<40)), "folder": path},
	}
	switch {
	case free < noSpace:
		f.Code, f.State, f.Advice = "doctor.space_little", Broken, "doctor.space_little"
	case free < littleSpace:
		f.Code, f.State, f.Advice = "doctor.space_little", Warning, "doctor.space_little"
	}
	return f
}
