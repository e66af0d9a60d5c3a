package main

import (
	"bytes"
	"errors"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"sealdesk/assets"
	"sealdesk/signer/disk"
	"sealdesk/signer/seal"
	"sealdesk/signer/seal/sysfont"
	"sealdesk/signer/ses"
)

type sealCmd struct {
	Make   sealMakeCmd   `cmd:"" help:"seal_make"`
	Show   sealShowCmd   `cmd:"" help:"seal_show"`
	Import sealImportCmd `cmd:"" help:"seal_import"`
	Add    sealAddCmd    `cmd:"" help:"seal_add"`
	List   sealListCmd   `cmd:"" help:"seal_list"`
}

type sealMakeCmd struct {
	Kind     string   `enum:"${seal_kinds}" default:"company" placeholder:"KIND" help:"seal_kind"`
	Name     string   `required:"" placeholder:"NAME" help:"seal_name"`
	Bottom   *string  `placeholder:"TEXT" help:"seal_bottom"`
	Number   string   `placeholder:"DIGITS" help:"seal_number"`
	TaxID    string   `name:"tax-id" placeholder:"CODE" help:"seal_tax_id"`
	Ending   *string  `placeholder:"TEXT" help:"seal_ending"`
	Intaglio bool     `help:"seal_intaglio"`
	Size     float64  `placeholder:"MM" help:"seal_size"`
	Fonts    []string `name:"font" placeholder:"FILE" help:"seal_font"`
	DPI      float64  `name:"dpi" default:"600" help:"seal_dpi"`
	Out      string   `required:"" short:"o" placeholder:"FILE" help:"seal_out"`

	Work      string `and:"electronic" placeholder:"DIR" help:"seal_work"`
	Token     string `and:"electronic" placeholder:"URI" help:"seal_token"`
	Cert      string `placeholder:"ID" help:"sign_cert"`
	Years     int    `default:"2" help:"seal_years"`
	Version   int    `enum:"1,4,5" default:"4" help:"seal_version"`
	Algorithm string `enum:"sm2,rsa" default:"sm2" placeholder:"sm2|rsa" help:"seal_algorithm"`
	Personal  bool   `help:"seal_personal"`
	ByDigest  bool   `name:"by-digest" help:"seal_by_digest"`
}

// style is what was asked for. What was not is what usually stands on a seal of the kind.
func (c *sealMakeCmd) style() seal.Style {
	form := seal.Form(c.Kind)
	s := seal.Style{
		Form: form, Name: c.Name, Bottom: form.Bottom(), Number: c.Number, TaxID: c.TaxID, Intaglio: c.Intaglio, SizeMM: c.Size,
	}
	if form == seal.Personal {
		s.Ending = seal.EndingFor(c.Name)
	}
	if c.Bottom != nil {
		s.Bottom = *c.Bottom
	}
	if c.Ending != nil {
		s.Ending = *c.Ending
	}
	return s
}

// font is the seal's own with those that were named, and with the system's where these lack a character of the text.
func (c *sealMakeCmd) font(a *app, text string) (*seal.Font, error) {
	font, err := seal.ParseFont(assets.SerifBold())
	if err != nil {
		return nil, err
	}
	for _, path := range c.Fonts {
		own, err := sysfont.Load(path)
		var bad *seal.FontError
		if err != nil && !errors.As(err, &bad) {
			return nil, fault("file_unreadable", "file", path, "cause", err)
		}
		if err != nil {
			return nil, err
		}
		font = font.Or(own)
	}
	if missing := font.Missing(text); len(missing) > 0 {
		found, err := sysfont.Find(a.ctx, sysfont.Folders(), missing)
		if err != nil {
			return nil, err
		}
		font = font.Or(found...)
	}
	for r, name := range font.Lent(text) {
		a.tui.warn("ctl.seal.lent", "rune", string(r), "font", name)
	}
	return font, nil
}

// Run prints the seal as `seal show` does.
func (c *sealMakeCmd) Run(a *app) error {
	style := c.style()
	font, err := c.font(a, style.Text())
	if err != nil {
		return err
	}
	s, err := seal.Make(font, style, c.DPI)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, s.Image); err != nil {
		return err
	}
	if c.Work != "" {
		if err := mustBeFree(c.Out); err != nil {
			return err
		}
		return c.electronic(a, s, b.Bytes())
	}
	if err := create(c.Out, b.Bytes()); err != nil {
		return err
	}
	return a.showSeal(c.Out, s)
}

type sealShowCmd struct {
	File  string `arg:"" help:"seal_file"`
	Trust string `placeholder:"MAKERS.pem" help:"seal_trust"`
}

// Run prints {"file", "widthPixels", "heightPixels", "widthMM", "heightMM"} of a picture, and an electronicJSON of an
// electronic seal.
func (c *sealShowCmd) Run(a *app) error {
	data, err := readSeal(c.File)
	if err != nil {
		return err
	}
	if isElectronic(data) {
		makers, err := readRoots(c.Trust)
		if err != nil {
			return err
		}
		s, err := ses.ParseSeal(data)
		if err != nil {
			return err
		}
		return a.showElectronic(c.File, s, makers)
	}
	s, err := loadSeal(c.File)
	if err != nil {
		return err
	}
	return a.showSeal(c.File, s)
}

type sealJSON struct {
	File         string  `json:"file"`
	WidthPixels  int     `json:"widthPixels"`
	HeightPixels int     `json:"heightPixels"`
	WidthMM      float64 `json:"widthMM"`
	HeightMM     float64 `json:"heightMM"`
}

func (a *app) showSeal(file string, s seal.Seal) error {
	v := sealJSON{file, s.Image.Rect.Dx(), s.Image.Rect.Dy(), s.WidthMM, s.HeightMM}
	return a.tui.result(v, func() {
		a.tui.print("%s\t%d x %d px\t%.1f x %.1f mm", v.File, v.WidthPixels, v.HeightPixels, v.WidthMM, v.HeightMM)
	})
}

// loadSeal reads a seal's picture, as the window does. Where it does not say how large it is, its longer side becomes as long as
// a contract seal is wide.
func loadSeal(path string) (seal.Seal, error) {
	f, err := os.Open(path)
	if err != nil {
		return seal.Seal{}, fault("file_unreadable", "file", path, "cause", err)
	}
	defer f.Close()
	p, err := seal.Load(f, seal.Limits{})
	if err == nil {
		p, err = p.Clean()
	}
	if err != nil {
		return seal.Seal{}, err
	}
	return p.Press(filepath.Base(path), seal.DefaultDiameterMM), nil
}

// create writes a new file, complete or not at all: it gets its name when it is on the disk. A file that has the name
// already is left alone.
func create(path string, data []byte) error { return createFrom(path, bytes.NewReader(data)) }

// createFrom is create for what is not in memory.
func createFrom(path string, from io.Reader) error {
	return notWritten(path, disk.WriteNew(path, from))
}

// mustBeFree refuses to overwrite.
func mustBeFree(path string) error { return notWritten(path, disk.Free(path)) }

// notWritten says why a new file cannot be made.
func notWritten(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		return fault("file_exists", "file", path)
	}
	return fault("file_not_writable", "file", path, "cause", err)
}
