package libraries

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"

	"sealdesk/token"
	"sealdesk/token/modhost"
	"sealdesk/token/profile"
)

// ErrNotALibrary: the file speaks neither of the interfaces that keys are used by.
var ErrNotALibrary = token.NewError("token.not_a_key_library", "the file is no key library: it exports neither PKCS #11 nor SKF functions")

// maxLibrary bounds the file that Add looks through, in bytes.
const maxLibrary = 256 << 20

// FileName is what a file of entries is called, in the folder of a person's data and in the machine's settings.
const FileName = "libraries.json"

// Options say where the libraries are known from.
type Options struct {
	Own    string // file with the person's own entries; it need not be there
	Preset string // file with those of whoever administers the machine, for everybody; likewise, and empty: there is none
	Host   string // path of the helper; empty: modhost.HostPath finds it
	Log    *slog.Logger
}

// A Library is one that is on this machine, or was looked for.
type Library struct {
	profile.Place
	Own    bool           // the person added it
	Status modhost.Status // zero until it was needed
}

// A Set is the libraries of one program. Its methods may be called from several goroutines.
type Set struct {
	o Options

	mu     sync.Mutex
	table  *profile.Table
	own    []profile.Profile
	places func() []profile.Place // found when somebody asks
	open   map[place]*modhost.Driver
}

type place struct {
	library string
	speaks  profile.Interface
}

// Open looks which libraries are there; it loads none of them. When a file of entries cannot be read, the set knows the others and
// is given beside the error.
func Open(o Options) (*Set, error) {
	s := &Set{o: o, open: map[place]*modhost.Driver{}}
	return s, s.Look()
}

// Look looks anew which libraries are there.
func (s *Set) Look() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.look()
}

func (s *Set) look() error {
	own, _ := profile.LoadOwn(s.o.Own) // what is wrong with it Load tells, too
	table, err := profile.Load(s.o.Own, s.o.Preset)
	if table == nil {
		return err
	}
	s.table, s.own, s.places = table, own, sync.OnceValue(table.Discover)
	return err
}

// All lists every library with its state, those that are here first.
func (s *Set) All() []Library {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Library
	for _, p := range s.places() {
		l := Library{Place: p, Own: slices.ContainsFunc(s.own, func(o profile.Profile) bool { return o.ID == p.Profile.ID })}
		if d := s.open[place{p.Library, p.Profile.Interface}]; d != nil {
			l.Status = d.Status()
		}
		all = append(all, l)
	}
	slices.SortStableFunc(all, func(a, b Library) int {
		switch {
		case a.Found == b.Found:
			return 0
		case a.Found:
			return -1
		}
		return 1
	})
	return all
}

// Profiles lists what is known of any library, those that are not made for this system among them.
func (s *Set) Profiles() []profile.Profile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.table.All()
}

// Drivers gives the driver of each library that is here and may be loaded, of one interface or, when none is named, of both.
func (s *Set) Drivers(only ...profile.Interface) []token.Driver {
	s.mu.Lock()
	defer s.mu.Unlock()
	var drivers []token.Driver
	for _, p := range s.places() {
		if !p.Found || p.Problem != nil || len(only) > 0 && !slices.Contains(only, p.Profile.Interface) {
			continue
		}
		if d, err := s.driver(p.Library, p.Profile); err == nil {
			drivers = append(drivers, d)
		}
	}
	return drivers
}

// Driver gives the driver of a library that is named by its path, whether it is in the table or not.
func (s *Set) Driver(library string, speaks profile.Interface) (*modhost.Driver, error) {
	if _, err := profile.CheckLibrary(library); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.driver(library, s.table.For(library, speaks))
}

func (s *Set) driver(library string, p profile.Profile) (*modhost.Driver, error) {
	at := place{library, p.Interface}
	if d := s.open[at]; d != nil {
		return d, nil
	}
	d, err := modhost.Open(modhost.Options{Host: s.o.Host, Library: library, Profile: p, Log: s.o.Log})
	if err == nil {
		s.open[at] = d
	}
	return d, err
}

// Add takes a library among the person's own. Which interface it speaks is read from the file; a library that speaks both is
// taken for PKCS #11 and for SKF.
func (s *Set) Add(library string) error {
	file, err := profile.CheckLibrary(library)
	if err != nil {
		return err
	}
	speaks, err := interfaces(file)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	own := slices.Clone(s.own)
	for _, i := range speaks {
		p := s.table.Own(library, i)
		p.ID += "-" + string(i)
		own = slices.DeleteFunc(own, func(o profile.Profile) bool { return o.ID == p.ID })
		own = append(own, p)
	}
	if err := profile.SaveOwn(s.o.Own, own); err != nil {
		return err
	}
	return s.look()
}

// Remove forgets a library that the person added, and ends its helper.
func (s *Set) Remove(library string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := slices.DeleteFunc(slices.Clone(s.own), func(o profile.Profile) bool {
		for _, paths := range o.Paths {
			if slices.Contains(paths, library) {
				return true
			}
		}
		return false
	})
	if err := profile.SaveOwn(s.o.Own, own); err != nil {
		return err
	}
	for at, d := range s.open {
		if at.library == library {
			_ = d.Close()
			delete(s.open, at)
		}
	}
	return s.look()
}

// Reenable lets a library out of quarantine: a person asked for it.
func (s *Set) Reenable(library string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at, d := range s.open {
		if at.library == library {
			d.Reenable()
		}
	}
}

// Close ends the helpers.
func (s *Set) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for at, d := range s.open {
		errs = append(errs, d.Close())
		delete(s.open, at)
	}
	return errors.Join(errs...)
}

// The names by which a library is known to speak an interface; every format of libraries has them in plain bytes.
var marks = []struct {
	name   []byte
	speaks profile.Interface
}{
	{[]byte("C_GetFunctionList\x00"), profile.InterfacePKCS11},
	{[]byte("SKF_EnumDev\x00"), profile.InterfaceSKF},
}

// interfaces reads from a library's file what it speaks; nothing of it runs.
func interfaces(library string) ([]profile.Interface, error) {
	f, err := os.Open(library)
	if err != nil {
		return nil, profile.ErrLibraryMissing
	}
	defer f.Close()
	found := map[profile.Interface]bool{}
	const overlap = 64 // longer than any name
	buf := make([]byte, 1<<20)
	kept := 0
	r := io.LimitReader(f, maxLibrary)
	for {
		n, err := io.ReadFull(r, buf[kept:])
		window := buf[:kept+n]
		for _, m := range marks {
			if bytes.Contains(window, m.name) {
				found[m.speaks] = true
			}
		}
		if err != nil {
			break
		}
		kept = copy(buf, window[max(len(window)-overlap, 0):])
	}
	var speaks []profile.Interface
	for _, m := range marks {
		if found[m.speaks] {
			speaks = append(speaks, m.speaks)
		}
	}
	if len(speaks) == 0 {
		return nil, ErrNotALibrary
	}
	return speaks, nil
}
