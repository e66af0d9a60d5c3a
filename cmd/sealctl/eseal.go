package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/demo"
	"sealdesk/signer"
	"sealdesk/signer/finding"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
	"sealdesk/token"
	"sealdesk/token/ca"
)

// demoMaker is the name of the demo's seal maker (制章者).
const demoMaker = "SealDesk 演示制章中心"

// electronic makes an electronic seal of a picture, with a seal maker's key that lives for this one seal.
func (c *sealMakeCmd) electronic(a *app, face seal.Seal, picture []byte) error {
	authority, err := ca.OpenOrCreate(filepath.Join(c.Work, demo.MakersFolder))
	if err != nil {
		return err
	}
	user, err := c.user(a)
	if err != nil {
		return err
	}
	now := time.Now().Truncate(time.Second)
	until := now.AddDate(c.Years, 0, 0)
	key, err := ca.GenerateKey(ca.Algorithm(c.Algorithm))
	if err != nil {
		return err
	}
	cert, err := authority.Issue(ca.Request{
		Subject: ca.Subject{Name: demoMaker}, PublicKey: key.Public(), Usage: token.UsageSign, NotAfter: until.AddDate(0, 0, 1),
	})
	if err != nil {
		return err
	}
	info := ses.Info{
		Version: ses.Version(c.Version), Vendor: "SealDesk", ID: c.Number, Kind: ses.Organisation, Name: face.Name,
		Signers: ses.SignersByCertificate(user), Created: now, From: now, Until: until,
		Picture: ses.Picture{
			Format: "PNG", Data: picture, WidthMM: int(math.Round(face.WidthMM)), HeightMM: int(math.Round(face.HeightMM)),
		},
	}
	if c.Personal {
		info.Kind = ses.Person
	}
	if c.ByDigest {
		info.Signers = ses.SignersByDigest(user)
	}
	if info.ID == "" {
		var id [16]byte
		if _, err := rand.Read(id[:]); err != nil {
			return err
		}
		info.ID = hex.EncodeToString(id[:])
	}
	der, err := ses.Maker{Signer: key, Certificate: cert}.Make(info)
	if err != nil {
		return err
	}
	if err := create(c.Out, der); err != nil {
		return err
	}
	s, err := ses.ParseSeal(der)
	if err != nil {
		return err
	}
	return a.showElectronic(c.Out, s, authority.Roots())
}

// user is the certificate that may use the seal. Certificates are read without a PIN.
func (c *sealMakeCmd) user(a *app) (*smx509.Certificate, error) {
	f, _, err := a.one(c.Token)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	id, err := f.signing(a.ctx, c.Cert)
	if err != nil {
		return nil, err
	}
	return id.Certificate(), nil
}

type sealImportCmd struct {
	File   string `arg:"" help:"seal_electronic"`
	Out    string `required:"" short:"o" placeholder:"OUT.png" help:"seal_import_out"`
	Trust  string `placeholder:"MAKERS.pem" help:"seal_trust"`
	Accept bool   `name:"accept-unknown" help:"seal_accept"`
}

// Run takes the picture out of an electronic seal that holds, and prints it as `seal show` does.
func (c *sealImportCmd) Run(a *app) error {
	makers, err := readRoots(c.Trust)
	if err != nil {
		return err
	}
	data, err := readSeal(c.File)
	if err != nil {
		return err
	}
	s, err := ses.ParseSeal(data)
	if err != nil {
		return err
	}
	bar := finding.Doubt
	if c.Accept {
		bar = finding.Fatal
	}
	for _, f := range s.Judge(ses.Options{Makers: makers}).Findings {
		if f.Severity >= bar {
			return &ses.Error{Finding: f}
		}
	}
	face, err := signer.Face(s)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, face.Image); err != nil {
		return err
	}
	if err := create(c.Out, b.Bytes()); err != nil {
		return err
	}
	return a.showSeal(c.Out, face)
}

// isElectronic tells DER from the pictures that a seal may be.
func isElectronic(data []byte) bool { return len(data) > 0 && data[0] == 0x30 }

// readSeal reads what an electronic seal could be as long as.
func readSeal(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault("file_unreadable", "file", path, "cause", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, ses.MaxSize+1))
	if err != nil {
		return nil, fault("file_unreadable", "file", path, "cause", err)
	}
	return data, nil
}

// electronicJSON is an electronic seal in the answers of `seal make` and `seal show`.
type electronicJSON struct {
	File string `json:"file"`
	ses.Facts
	Signers  []string        `json:"signers"` // their names, or the digests of their certificates in hex
	Verdict  finding.Verdict `json:"verdict"`
	Findings finding.List    `json:"findings"`
}

// showElectronic judges a seal and prints it. Its error carries the verdict to the exit status.
func (a *app) showElectronic(file string, s *ses.Seal, makers []*smx509.Certificate) error {
	report := s.Judge(ses.Options{Makers: makers})
	v := electronicJSON{file, s.Facts(), signersOf(s.Signers), report.Verdict, report.Findings}
	err := a.tui.result(v, func() { a.printElectronic(v) })
	if err == nil && !report.Valid() {
		err = fault("verdict", "verdict", string(report.Verdict))
	}
	return err
}

func signersOf(s ses.Signers) []string {
	names := []string{}
	for _, der := range s.Certificates {
		name := "?"
		if cert, err := smx509.ParseCertificate(der); err == nil {
			name = ca.SubjectOf(cert).Name
		}
		names = append(names, name)
	}
	for _, d := range s.Digests {
		names = append(names, d.Kind+":"+hex.EncodeToString(d.Value))
	}
	return names
}

func (a *app) printElectronic(v electronicJSON) {
	kind := a.words.T("ctl.seal.kind_other", "kind", v.Kind)
	switch ses.Kind(v.Kind) {
	case ses.Organisation:
		kind = a.words.T("ctl.seal.kind_organisation")
	case ses.Person:
		kind = a.words.T("ctl.seal.kind_person")
	}
	a.tui.print("%s: %s", v.File, a.words.T("ctl.verdict."+string(v.Verdict)))
	line := func(key string, pairs ...any) { a.tui.print("  %s", a.words.T(key, pairs...)) }
	line("ctl.seal.owner", "name", v.Name, "kind", kind, "id", v.ID, "version", v.Version)
	line("ctl.seal.term", "from", v.ValidFrom.Local().Format(time.DateOnly), "until", v.ValidUntil.Local().Format(time.DateOnly))
	line("ctl.seal.maker", "maker", v.Maker, "algorithm", v.Algorithm)
	for _, s := range v.Signers {
		line("ctl.seal.signer", "signer", s)
	}
	p := v.Picture
	line("ctl.seal.picture", "format", p.Format, "widthPixels", p.WidthPixels, "heightPixels", p.HeightPixels,
		"width", p.WidthMM, "height", p.HeightMM)
	for _, f := range v.Findings {
		a.showFinding("  ", f.Code, f.Message, f.Params)
	}
}
