package main

import (
	"os"
	"strings"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/platforms"
)

// book are the platforms that the window knows, too. Of a damaged file it tells once.
func (a *app) book() (*platforms.Book, error) {
	dirs, err := folders()
	if err != nil {
		return nil, err
	}
	b, err := platforms.Open(dirs.Data, platforms.PresetFile(a.getenv))
	if err != nil {
		return nil, err
	}
	if trouble := b.Trouble(); trouble != nil {
		a.tui.warn("ctl.trouble", "what", a.words.Problem(trouble).String())
	}
	return b, nil
}

// platform finds what --platform names: one that is kept, by its name or address, or else an address. kept tells which.
func (a *app) platform(what string) (book *platforms.Book, p platforms.Profile, kept bool, err error) {
	if book, err = a.book(); err != nil {
		return nil, p, false, err
	}
	p, kept = book.Find(what)
	if !kept && !strings.Contains(what, "://") {
		return nil, p, false, fault("platform_unknown", "name", what)
	}
	return book, p, kept, nil
}

// boxFlags name the platform whose outbox is meant; without it, that of addresses that are not kept.
type boxFlags struct {
	Platform string `env:"SEALDESK_PLATFORM" placeholder:"NAME|URL" help:"outbox_platform"`
}

func (f boxFlags) folders(a *app) (desk.Folders, error) {
	dirs, err := folders()
	if err != nil || f.Platform == "" {
		return dirs, err
	}
	_, p, kept, err := a.platform(f.Platform)
	if err != nil || !kept {
		return dirs, err
	}
	dirs = dirs.At(p.ID())
	return dirs, os.MkdirAll(dirs.Data, 0o700)
}

type platformsCmd struct{}

// platformJSON is a platform in the answers of this program.
type platformJSON struct {
	Name     string   `json:"name"`
	Address  string   `json:"address"`
	Roots    []string `json:"roots"` // of its web certificate; none: the system's
	MobileCA string   `json:"mobileCA"`
	Preset   bool     `json:"preset"`
}

// Run prints {"platforms": [...]}.
func (platformsCmd) Run(a *app) error {
	b, err := a.book()
	if err != nil {
		return err
	}
	list := []platformJSON{}
	for _, p := range b.List() {
		list = append(list, platformJSON{p.Name, p.Address, append([]string{}, p.RootNames()...), p.MobileCA, p.Preset})
	}
	return a.tui.result(map[string]any{"platforms": list}, func() {
		if len(list) == 0 {
			a.tui.warn("ctl.platforms.none")
		}
		for _, p := range list {
			a.tui.print("%s\t%s", p.Name, p.Address)
		}
	})
}
