package main

import (
	"context"
	"crypto"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/libraries"
	"sealdesk/token/modhost"
	"sealdesk/token/profile"
	"sealdesk/token/soft"
	"sealdesk/token/uri"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/platforms"
)

// programName names the folders that the window and the command line share.
const programName = "sealdesk"

// folders are where the window keeps its things, too.
func folders() (desk.Folders, error) { return desk.SystemFolders(programName) }

// keysFolder is where software keys lie that a URI names without a folder.
func keysFolder() (string, error) {
	f, err := folders()
	if err != nil {
		return "", err
	}
	return filepath.Join(f.Data, "keys"), nil
}

// libraries are the key libraries of this machine, those that the window knows too.
func (a *app) libraries() (*libraries.Set, error) {
	if a.set != nil {
		return a.set, nil
	}
	f, err := folders()
	if err != nil {
		return nil, err
	}
	o := libraries.Options{Own: filepath.Join(f.Data, libraries.FileName), Preset: platforms.Guarded(a.getenv, libraries.FileName)}
	// Without the helper beside it, as after go run, this program takes its part.
	if self, err := os.Executable(); err == nil && strings.TrimSuffix(filepath.Base(self), ".exe") == "sealctl" {
		if _, err := modhost.HostPath(self); err != nil {
			o.Host = self
		}
	}
	a.set, err = libraries.Open(o)
	return a.set, err
}

// A store is where a URI looks for tokens: drivers, with the way in which their tokens are named on the command line.
type store struct {
	drivers []token.Driver
	dir     string // of software keys
	module  string // named in the URI: the folder or the library
}

// open gives the store that a URI asks for. A soft: URI names its folder with module-path, as pkcs11: and skf: URIs name their
// library; without one the keys are those that the window finds.
func (a *app) open(u *uri.URI) (store, error) {
	s := store{module: u.Get("module-path")}
	speaks := profile.InterfacePKCS11
	switch u.Scheme {
	case uri.Soft:
		var err error
		if s.dir = s.module; s.dir == "" {
			if s.dir, err = keysFolder(); err != nil {
				return store{}, err
			}
		}
		d, err := soft.Open(s.dir)
		s.drivers = []token.Driver{d}
		return s, err
	case uri.MobileCA:
		d, err := a.phones(u)
		s.drivers = []token.Driver{d}
		return s, err
	case uri.PKCS11:
	case uri.SKF:
		speaks = profile.InterfaceSKF
	default:
		return store{}, fault("token_scheme", "scheme", u.Scheme)
	}
	set, err := a.libraries()
	if err != nil {
		return store{}, err
	}
	if s.module == "" {
		s.drivers = set.Drivers(speaks)
		return s, nil
	}
	library, err := filepath.Abs(s.module)
	if err != nil {
		return store{}, err
	}
	d, err := set.Driver(library, speaks)
	s.drivers = []token.Driver{d}
	return s, err
}

// named tells whether the URI means one store alone, whose trouble is the answer. Where every library of the machine is looked
// through, one that fails hides no key of another.
func (s store) named() bool { return s.module != "" || s.dir != "" }

// name is the URI of a token as the command line takes it.
func (s store) name(info token.Info) string {
	u, err := uri.Parse(info.URI)
	if err != nil || s.module == "" {
		return info.URI
	}
	u.Path["module-path"] = s.module
	return u.String()
}

// tokens gives the tokens of a URI with what they tell of themselves. Those that are not meant are closed.
func (s store) tokens(ctx context.Context, u *uri.URI) ([]found, error) {
	var out []found
	var errs []error
	for _, d := range s.drivers {
		all, err := d.Tokens(ctx)
		errs = append(errs, err)
		for _, t := range all {
			info, err := t.Info(ctx)
			if err == nil && selects(u, info) {
				out = append(out, found{t, info, d, s})
				continue
			}
			errs = append(errs, err, t.Close())
		}
	}
	if len(out) > 0 {
		return out, nil // a damaged neighbour does not matter
	}
	return nil, errors.Join(errs...)
}

func selects(u *uri.URI, info token.Info) bool {
	t, err := uri.Parse(info.URI)
	return err == nil && u.Selects(t)
}

// found is a token with what it told of itself.
type found struct {
	token.Token
	info   token.Info
	driver token.Driver
	store  store
}

// one finds the token that a URI names; more than one is an error, as is none. The caller closes it.
func (a *app) one(text string) (found, *uri.URI, error) {
	u, err := uri.Parse(text)
	if err != nil {
		return found{}, nil, err
	}
	s, err := a.open(u)
	if err != nil {
		return found{}, nil, err
	}
	all, err := s.tokens(a.ctx, u)
	switch {
	case err != nil && s.named():
		return found{}, nil, err
	case len(all) == 0:
		return found{}, nil, errors.Join(fault("token_unknown", "token", text), err)
	case len(all) == 1:
		return all[0], u, nil
	}
	var names []string
	for _, f := range all {
		names = append(names, s.name(f.info))
		_ = f.Close()
	}
	return found{}, nil, fault("token_ambiguous", "token", text, "tokens", strings.Join(names, ", "))
}

// signing finds the identity to sign with: the one of this ID, or when none is named the only one that can sign now.
func (f found) signing(ctx context.Context, id string) (token.Identity, error) {
	if err := f.link(ctx); err != nil {
		return nil, err
	}
	ids, err := f.Identities(ctx)
	if err != nil {
		return nil, err
	}
	var fit []token.Identity
	var why error
	for _, i := range ids {
		reasons := token.Unfit(i, time.Now())
		switch {
		case id != "" && i.ID() != id:
			continue
		case len(reasons) == 0:
			fit = append(fit, i)
		case id != "" || i.Usage()&token.UsageSign != 0:
			why = reasons[0]
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(fit) > 1:
		var names []string
		for _, i := range fit {
			names = append(names, i.ID())
		}
		return nil, fault("cert_ambiguous", "certs", strings.Join(names, ", "))
	case why != nil:
		return nil, why
	}
	return nil, fault("cert_unknown", "token", f.info.URI)
}

func chainOf(id token.Identity) []*smx509.Certificate {
	return append([]*smx509.Certificate{id.Certificate()}, id.Chain()...)
}

// maxPINFile bounds a PIN file, in bytes.
const maxPINFile = 1024

// pin reads the PIN from --pin-file, from the URI's pin-source, or from the person. The caller wipes it.
func (a *app) pin(file string, u *uri.URI, prompt string) ([]byte, error) {
	if file == "" && u != nil {
		var err error
		if file, err = u.PINFile(); err != nil {
			return nil, err
		}
	}
	if file == "" {
		return a.tui.secret(a.ctx, prompt)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fault("pin_file", "file", file)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		a.tui.warn("ctl.warn.pin_file_open", "file", file)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPINFile+1))
	defer token.Wipe(data)
	if err != nil || len(data) > maxPINFile {
		return nil, fault("pin_file", "file", file)
	}
	// One line; an editor's line end does not belong to the PIN.
	end := len(data)
	for end > 0 && (data[end-1] == '\n' || data[end-1] == '\r') {
		end--
	}
	if end == 0 {
		return nil, fault("pin_file", "file", file)
	}
	return append([]byte(nil), data[:end]...), nil
}

// key asks for the PIN and gives an identity's key. It comes last: everything that can be wrong without the key was looked at.
func (a *app) key(f found, u *uri.URI, id token.Identity, pinFile string) (crypto.Signer, error) {
	if err := a.enterPIN(f, u, pinFile); err != nil {
		return nil, err
	}
	return id.Signer(a.ctx)
}

// enterPIN asks for the PIN and hands it to the token. A phone, which is linked by now, asks for it itself.
func (a *app) enterPIN(f found, u *uri.URI, pinFile string) error {
	if f.phone() {
		return nil
	}
	pin, err := a.pin(pinFile, u, prompt(a, f.info.Label))
	if err != nil {
		return err
	}
	return a.unlock(f, pin)
}

// unlock hands the PIN to the token. The last try is spent only when the person says so.
func (a *app) unlock(f found, pin []byte) error {
	ctx, err := a.consent(f)
	if err != nil {
		token.Wipe(pin)
		return err
	}
	return f.Unlock(ctx, pin)
}

// consent gives the context for using a PIN: before the last try the person is asked.
func (a *app) consent(f found) (context.Context, error) {
	if f.info.PIN.Tries != 1 || f.info.PIN.Locked {
		return a.ctx, nil
	}
	if !a.tui.confirm(a.words.T("ctl.last_try", "token", f.info.Label)) {
		return nil, token.ErrLastTry
	}
	return token.ConfirmLastTry(a.ctx), nil
}

func prompt(a *app, label string) string { return a.words.T("ctl.prompt.pin", "token", label) }
