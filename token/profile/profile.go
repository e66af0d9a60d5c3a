package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"sealdesk/assets/vendors"
	"sealdesk/token/foreign"
)

// Interface is the programming interface that a library offers.
type Interface string

const (
	InterfacePKCS11 Interface = "pkcs11" // OASIS PKCS #11
	InterfaceSKF    Interface = "skf"    // GM/T 0016
)

// Text is a name in both of the program's languages.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// Profile is what is known of one product's library.
type Profile struct {
	ID        string    `json:"id"` // small letters, digits and hyphens; unique in a table
	Product   Text      `json:"product"`
	Vendor    Text      `json:"vendor"`
	Interface Interface `json:"interface"`

	// Paths lists, by system (linux, darwin, windows), the absolute places of the library. On Windows %SystemRoot%,
	// %ProgramFiles% and %ProgramFiles(x86)% may stand at the beginning.
	Paths map[string][]string `json:"paths,omitempty"`

	// Names are patterns (path.Match, no folders) that recognise a library elsewhere by its file name.
	Names []string `json:"names,omitempty"`

	// USB holds vendor and product numbers as hex, "055c:db08" or "055c", by which a plugged-in key is recognised whose
	// library is not installed.
	USB []string `json:"usb,omitempty"`

	// PCSC are patterns as in Names, of those libraries of the product that reach keys through the PC/SC service.
	PCSC []string `json:"pcsc,omitempty"`

	// Environment names the variables that the library reads, and which therefore reach the process it runs in. Of a library
	// that nothing is known about it holds "*": all but those that decide what else is loaded.
	Environment []string `json:"environment,omitempty"`

	Abilities Abilities `json:"abilities"`

	PKCS11 *PKCS11 `json:"pkcs11,omitempty"`
	SKF    *SKF    `json:"skf,omitempty"`
}

// Abilities tell what a product does through this library, for whoever must choose before a key is plugged in.
type Abilities struct {
	RSA        bool `json:"rsa,omitempty"`
	ECDSA      bool `json:"ecdsa,omitempty"`
	SM2        bool `json:"sm2,omitempty"`
	DecryptRSA bool `json:"decryptRSA,omitempty"`
	DecryptSM2 bool `json:"decryptSM2,omitempty"`
	Provision  bool `json:"provision,omitempty"` // new keys and certificates can be put on the token
}

// Bounds of a table.
const (
	maxFile     = 1 << 20 // bytes
	maxProfiles = 256
	maxList     = 64
	maxText     = 128  // runes
	maxPath     = 1024 // bytes
)

const tableVersion = 1

// table is the content of a file.
type table struct {
	Version  int       `json:"version"`
	Profiles []Profile `json:"profiles"`
}

// Table is a set of profiles.
type Table struct {
	profiles []Profile
}

// Error says what is wrong with a table of profiles.
type Error struct {
	File   string // empty: the table that travels with the program
	Reason string // in English
}

// Error is a plain sentence for logs.
func (e *Error) Error() string {
	return fmt.Sprintf("the table of key libraries %s is not valid: %s", e.File, e.Reason)
}

// Code names the outcome for the tables of words.
func (e *Error) Code() string { return "token.profile_invalid" }

// Params holds "file" and "reason".
func (e *Error) Params() map[string]any { return map[string]any{"file": e.File, "reason": e.Reason} }

// Builtin gives the table that travels with the program.
func Builtin() (*Table, error) { return Parse(vendors.Libraries()) }

// Load gives the table that travels with the program, and before it the entries of files of the same form: the user's own, then
// those of whoever administers the machine. No file need be there, and "" is none. Of entries with the same ID the first counts.
// What a file holds that is not valid is left out, and told of beside the table.
func Load(files ...string) (*Table, error) {
	t, err := Builtin()
	if err != nil {
		return nil, err
	}
	var merged []Profile
	var bad []error
	add := func(more []Profile) {
		before := merged
		for _, p := range more {
			if !slices.ContainsFunc(before, func(o Profile) bool { return o.ID == p.ID }) {
				merged = append(merged, p)
			}
		}
	}
	for _, file := range files {
		more, err := LoadOwn(file)
		add(more)
		bad = append(bad, err)
	}
	add(t.profiles)
	return &Table{merged}, errors.Join(bad...)
}

// Parse reads a table. The error is always an *Error.
func Parse(data []byte) (*Table, error) {
	if len(data) > maxFile {
		return nil, &Error{Reason: "it is too large"}
	}
	var t table
	if err := decode(data, &t); err != nil {
		return nil, &Error{Reason: err.Error()}
	}
	if t.Version != tableVersion {
		return nil, &Error{Reason: fmt.Sprintf("its version is %d, want %d", t.Version, tableVersion)}
	}
	if len(t.Profiles) > maxProfiles {
		return nil, &Error{Reason: fmt.Sprintf("it has more than %d entries", maxProfiles)}
	}
	seen := map[string]bool{}
	for _, p := range t.Profiles {
		if err := p.check(); err != nil {
			return nil, &Error{Reason: fmt.Sprintf("entry %q: %v", p.ID, err)}
		}
		if seen[p.ID] {
			return nil, &Error{Reason: fmt.Sprintf("entry %q stands twice", p.ID)}
		}
		seen[p.ID] = true
	}
	return &Table{t.Profiles}, nil
}

// decode takes known fields only, and nothing after the value.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the table")
	}
	return nil
}

// Encode writes one profile as JSON, so that it can be handed to the process that loads the library.
func (p Profile) Encode() ([]byte, error) { return json.Marshal(p) }

// Decode reads and checks what Encode wrote.
func Decode(data []byte) (Profile, error) {
	var p Profile
	if len(data) > maxFile {
		return p, errors.New("the profile is too large")
	}
	if err := decode(data, &p); err != nil {
		return p, err
	}
	return p, p.check()
}

var (
	idForm       = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`) })
	usbForm      = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{4}(:[0-9a-f]{4})?$`) })
	variableForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`) })
	windowsForm  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([A-Z]:|%SystemRoot%|%ProgramFiles%|%ProgramFiles\(x86\)%)\\`)
	})
)

// loaderVariables would let a table decide what else is loaded.
var loaderVariables = []string{"LD_", "DYLD_", "PATH", "GODEBUG", "GOTRACEBACK"}

func (p Profile) check() error {
	if len(p.ID) > maxText || !idForm().MatchString(p.ID) {
		return errors.New("the id is not made of small letters, digits and hyphens")
	}
	for _, t := range []string{p.Product.Zh, p.Product.En, p.Vendor.Zh, p.Vendor.En} {
		if t == "" || utf8.RuneCountInString(t) > maxText || !foreign.IsLine(t) {
			return errors.New("a name is missing, too long or cannot be shown")
		}
	}
	switch {
	case p.Interface == InterfacePKCS11 && p.PKCS11 != nil && p.SKF == nil:
		if err := p.PKCS11.check(); err != nil {
			return err
		}
	case p.Interface == InterfaceSKF && p.SKF != nil && p.PKCS11 == nil:
		if err := p.SKF.check(); err != nil {
			return err
		}
	default:
		return errors.New("the interface is not pkcs11 or skf, or has not its own section and no other")
	}
	if err := p.checkPaths(); err != nil {
		return err
	}
	if len(p.Names) > maxList || len(p.PCSC) > maxList || len(p.USB) > maxList || len(p.Environment) > maxList {
		return fmt.Errorf("a list has more than %d members", maxList)
	}
	for _, name := range slices.Concat(p.Names, p.PCSC) {
		if _, err := filepath.Match(name, ""); err != nil || name == "" || strings.ContainsAny(name, `/\`) || len(name) > maxPath {
			return fmt.Errorf("%q is no pattern of a file name", name)
		}
	}
	for _, id := range p.USB {
		if !usbForm().MatchString(id) {
			return fmt.Errorf("%q is no USB number", id)
		}
	}
	for _, v := range p.Environment {
		if v != anyVariable && (forbidden(v) || !variableForm().MatchString(v)) {
			return fmt.Errorf("%q may not be handed to a library", v)
		}
	}
	return nil
}

// anyVariable stands for every variable that may be handed to a library at all.
const anyVariable = "*"

func forbidden(variable string) bool {
	return slices.ContainsFunc(loaderVariables, func(l string) bool { return strings.HasPrefix(variable, l) })
}

// Variables gives those of the environment, in the form of os.Environ, that the library is to see.
func (p Profile) Variables(environ []string) []string {
	all := slices.Contains(p.Environment, anyVariable)
	return slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		if all {
			return forbidden(name)
		}
		return !slices.Contains(p.Environment, name)
	})
}

func (p Profile) checkPaths() error {
	for system, paths := range p.Paths {
		if system != "linux" && system != "darwin" && system != "windows" {
			return fmt.Errorf("%q is no system", system)
		}
		if len(paths) > maxList {
			return fmt.Errorf("more than %d paths for %s", maxList, system)
		}
		for _, path := range paths {
			absolute := strings.HasPrefix(path, "/")
			if system == "windows" {
				absolute = windowsForm().MatchString(path)
			}
			parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || system == "windows" && r == '\\' })
			if !absolute || len(path) > maxPath || slices.Contains(parts, "..") || !foreign.IsLine(path) {
				return fmt.Errorf("%q is no absolute path", path)
			}
		}
	}
	return nil
}

// All lists the profiles, the user's own first.
func (t *Table) All() []Profile { return slices.Clone(t.profiles) }

// Get finds a profile by its ID.
func (t *Table) Get(id string) (Profile, bool) {
	i := slices.IndexFunc(t.profiles, func(p Profile) bool { return p.ID == id })
	if i < 0 {
		return Profile{}, false
	}
	return t.profiles[i], true
}

// Match finds the profile for a library by its path or, failing that, by its file name. The case of letters counts for
// nothing in names, as it does on Windows.
func (t *Table) Match(library string, i Interface) (Profile, bool) {
	for _, p := range t.profiles {
		if p.Interface == i && slices.Contains(p.places(), library) {
			return p, true
		}
	}
	for _, p := range t.profiles {
		if p.Interface == i && named(library, p.Names) {
			return p, true
		}
	}
	return Profile{}, false
}

// UsesPCSC tells whether a library of this profile reaches keys through the PC/SC service.
func (p Profile) UsesPCSC(library string) bool { return named(library, p.PCSC) }

// named tells whether one of the patterns is for a library's file name.
func named(library string, patterns []string) bool {
	name := strings.ToLower(filepath.Base(library))
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := filepath.Match(strings.ToLower(pattern), name)
		return ok
	})
}

// For gives the profile for a library: the one that matches, or Unknown's.
func (t *Table) For(library string, i Interface) Profile {
	if p, ok := t.Match(library, i); ok {
		return p
	}
	return t.Unknown(i)
}

// Unknown gives the profile of a library that nothing is known about: for PKCS #11 every vendor's numbers for SM2, to be
// tried as far as the library offers them, each once; for SKF the standard.
func (t *Table) Unknown(i Interface) Profile {
	p := Profile{
		ID: "unknown-" + string(i), Interface: i,
		Product: Text{"未知的密钥接口库", "Unknown key library"}, Vendor: Text{"未知", "Unknown"},
		Environment: []string{anyVariable},
	}
	if i == InterfaceSKF {
		p.SKF = &SKF{}
		return p
	}
	p.PKCS11 = &PKCS11{}
	for _, known := range t.profiles {
		if known.PKCS11 == nil {
			continue
		}
		for _, d := range known.PKCS11.SM2 {
			if !slices.ContainsFunc(p.PKCS11.SM2, func(o SM2) bool { return o == d }) && len(p.PKCS11.SM2) < maxList {
				p.PKCS11.SM2 = append(p.PKCS11.SM2, d)
			}
		}
	}
	return p
}
