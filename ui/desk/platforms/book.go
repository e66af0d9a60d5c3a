package platforms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"sealdesk/signer/disk"
)

// Bounds of a file of platforms.
const (
	maxFile  = 4 << 20 // bytes
	maxCount = 50
)

// fileName is the person's file in the folder of settings.
const fileName = "platforms.json"

// fileVersion is the newest form that is known. Every field that is added raises it: programs that do not know the field then say that
// the file is newer, and leave it as it is.
const fileVersion = 1

// file is a file of platforms as it lies on the disk.
type file struct {
	Version   int       `json:"version,omitempty"` // of the form; without it, 1
	Platforms []Profile `json:"platforms"`
}

// A Book is the platforms of one person on this machine. It may be used from several goroutines.
type Book struct {
	path    string
	preset  []Profile
	trouble error

	mu  sync.Mutex
	own []Profile
}

// PresetFile is where whoever administers the machine puts platforms for everybody; "" where there is no such place.
func PresetFile(getenv func(string) string) string { return Preset(getenv, fileName) }

// Preset is where whoever administers the machine puts something for everybody, by its name there; "" where there is no such place.
func Preset(getenv func(string) string, name string) string {
	return presetOn(runtime.GOOS, getenv, name)
}

func presetOn(system string, getenv func(string) string, name string) string {
	dir := "/etc"
	switch system {
	case "windows":
		if dir = getenv("ProgramData"); dir == "" {
			return ""
		}
	case "darwin":
		dir = "/Library/Application Support"
	}
	return filepath.Join(dir, "sealdesk", name)
}

// Guarded is Preset for what decides which code is loaded and whom to trust. Windows lets everybody write where programs keep what
// is common to all, so there is no such place there.
func Guarded(getenv func(string) string, name string) string {
	return guardedOn(runtime.GOOS, getenv, name)
}

func guardedOn(system string, getenv func(string) string, name string) string {
	if system == "windows" {
		return ""
	}
	return presetOn(system, getenv, name)
}

// Open reads the platforms of the person, in folder, and those of the file preset; empty: there is none. A file of the
// person's that cannot be used is kept under another name, one that is preset stays where it is, and Trouble tells of both.
// Errors: platforms.newer for a file of the person's that a newer program wrote, which stays as it is; those of the disk.
func Open(folder, preset string) (*Book, error) {
	b := &Book{path: filepath.Join(folder, fileName)}
	if preset != "" {
		list, err := read(preset)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			b.trouble = fault("preset_broken", err, "file", preset, "reason", reason(err))
		}
		for i := range list {
			list[i].Preset = true
		}
		b.preset = list
	}
	own, err := read(b.path)
	switch {
	case err == nil:
		b.own = own
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, errNewer):
		return nil, fault("newer", nil, "file", b.path)
	case errors.Is(err, errBroken):
		aside := b.path + ".broken-" + time.Now().Format("20060102-150405")
		if err := os.Rename(b.path, aside); err != nil {
			return nil, err
		}
		b.trouble = errors.Join(fault("broken", err, "file", aside, "reason", reason(err)), b.trouble)
	default:
		return nil, err
	}
	return b, nil
}

// errBroken: a file is there and can be read, but is none of platforms.
var errBroken = errors.New("platforms: the file is damaged")

// errNewer: the file is of a newer program.
var errNewer = errors.New("platforms: the file is of a newer version")

func read(path string) ([]Profile, error) {
	data, err := disk.Read(path, maxFile)
	var list []Profile
	switch {
	case err == nil:
		list, err = parse(data)
	case !errors.Is(err, disk.ErrTooLarge):
		return nil, err
	}
	if err == nil || errors.Is(err, errNewer) {
		return list, err
	}
	return nil, fmt.Errorf("%w: %w", errBroken, err)
}

// reason is what is wrong with a file, in English, for whoever wrote it by hand: a platform's trouble with what it is about.
func reason(err error) string {
	bad, ok := errors.AsType[*Error](err)
	if !ok {
		return strings.TrimPrefix(err.Error(), errBroken.Error()+": ")
	}
	text := bad.Code()
	for _, name := range slices.Sorted(maps.Keys(bad.Params())) {
		text += fmt.Sprintf(", %s: %v", name, bad.Params()[name])
	}
	return text
}

func parse(data []byte) ([]Profile, error) {
	var form struct {
		Version int `json:"version"`
	}
	if json.Unmarshal(data, &form) == nil && form.Version > fileVersion {
		return nil, errNewer
	}
	var f file
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields() // a mistyped one would leave out what it says, such as whom to trust
	if err := d.Decode(&f); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("something follows the list")
	}
	var list []Profile
	for _, p := range f.Platforms {
		p, err := fit(p, list)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// fit checks a profile and that it goes with the others: no two have one name or one address.
func fit(p Profile, others []Profile) (Profile, error) {
	p, err := p.normal()
	if err != nil {
		return p, err
	}
	if len(others) >= maxCount {
		return p, fault("too_many", nil, "max", maxCount)
	}
	for _, o := range others {
		if o.Name == p.Name {
			return p, fault("name_taken", nil, "name", p.Name)
		}
		if o.Address == p.Address {
			return p, fault("address_taken", nil, "name", o.Name, "address", p.Address)
		}
	}
	return p, nil
}

// Trouble says what was wrong with the files when they were read.
func (b *Book) Trouble() error { return b.trouble }

// List are all platforms, those that are preset first. A preset one stands for the person's own of the same address or name.
func (b *Book) List() []Profile {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.list()
}

func (b *Book) list() []Profile {
	all := slices.Clone(b.preset)
	for _, p := range b.own {
		if !slices.ContainsFunc(b.preset, func(o Profile) bool { return o.Name == p.Name || o.Address == p.Address }) {
			all = append(all, p)
		}
	}
	return all
}

// others are all platforms but that with this ID, the person's own that a preset one stands for among them: they lie in the file, which
// must not hold a name or an address twice. b.mu is held.
func (b *Book) others(id string) []Profile {
	return slices.DeleteFunc(slices.Concat(b.preset, b.own), func(o Profile) bool { return o.ID() == id })
}

// Find gives the platform with this ID, name or address.
func (b *Book) Find(what string) (Profile, bool) {
	for _, p := range b.List() {
		if what == p.ID() || what == p.Name || p.Address == what || p.Address+"/" == what {
			return p, true
		}
	}
	return Profile{}, false
}

// Add adds a platform, and gives it back as it is kept. Errors: *Error, those of the disk.
func (b *Book) Add(p Profile) (Profile, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.Preset = false
	p, err := fit(p, b.others(""))
	if err != nil {
		return p, err
	}
	return p, b.keep(append(slices.Clone(b.own), p))
}

// Change puts another profile in the place of the one with this ID. Errors: *Error, those of the disk.
func (b *Book) Change(id string, p Profile) (Profile, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, err := b.at(id)
	if err != nil {
		return p, err
	}
	p.Preset = false
	p, err = fit(p, b.others(id))
	if err != nil {
		return p, err
	}
	own := slices.Clone(b.own)
	own[at] = p
	return p, b.keep(own)
}

// Remove takes a platform out. What was done there stays on the disk. Errors: *Error, those of the disk.
func (b *Book) Remove(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, err := b.at(id)
	if err != nil {
		return err
	}
	return b.keep(slices.Delete(slices.Clone(b.own), at, at+1))
}

// at finds one of the person's own; b.mu is held.
func (b *Book) at(id string) (int, error) {
	if slices.ContainsFunc(b.preset, func(p Profile) bool { return p.ID() == id }) {
		return 0, fault("preset", nil)
	}
	i := slices.IndexFunc(b.own, func(p Profile) bool { return p.ID() == id })
	if i < 0 {
		return 0, fault("unknown", nil, "name", id)
	}
	return i, nil
}

// keep writes the person's own; b.mu is held.
func (b *Book) keep(own []Profile) error {
	data, err := json.MarshalIndent(file{fileVersion, own}, "", "  ")
	if err != nil {
		return err
	}
	if err := disk.Write(b.path, bytes.NewReader(append(data, '\n'))); err != nil {
		return err
	}
	b.own = own
	return nil
}
