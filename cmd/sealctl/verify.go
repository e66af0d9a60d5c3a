package main

import (
	"cmp"
	"encoding/asn1"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/fetch"
	"sealdesk/signer/revocation"
	"sealdesk/signer/sigform"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/checkup"
	"sealdesk/ui/desk/judgement"
)

type verifyCmd struct {
	File     string `arg:"" help:"verify_file"`
	Online   bool   `help:"verify_online"`
	Intranet bool   `help:"verify_intranet"`
	AsOf     string `name:"as-of" placeholder:"DATE" help:"verify_as_of"`
	Report   string `placeholder:"OUT.pdf" xor:"kind" help:"verify_report"`
	Detached string `placeholder:"FILE.p7s" xor:"kind" help:"verify_detached"`
	Revision int    `placeholder:"N" xor:"kind" and:"revision" help:"verify_revision"`
	Out      string `short:"o" placeholder:"OUT.pdf" and:"revision" help:"verify_out"`
	trustFlags
}

// trustFlags say whom to trust, and what signatures may be called.
type trustFlags struct {
	Trust  string   `placeholder:"ROOTS.pem|FOLDER|system" help:"trust"`
	Policy []string `placeholder:"OID" help:"policy"`
	Makers string   `placeholder:"MAKERS.pem" help:"seal_trust"`
	Forms  string   `placeholder:"FORMS.json" help:"forms"`
}

// parseOID reads dotted numbers.
func parseOID(s string) (oid asn1.ObjectIdentifier, ok bool) {
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || len(oid) >= 40 {
			return nil, false
		}
		oid = append(oid, n)
	}
	return oid, len(oid) > 1
}

func (t *trustFlags) options() (verify.Options, error) {
	o := verify.Options{Forms: sigform.Default()}
	var err error
	if o.Roots, err = readRoots(t.Trust); err != nil {
		return o, err
	}
	if o.Makers, err = readRoots(t.Makers); err != nil {
		return o, err
	}
	for _, p := range t.Policy {
		oid, ok := parseOID(p)
		if !ok {
			return o, fault("policy_form", "policy", p)
		}
		o.Policies = append(o.Policies, oid)
	}
	if t.Forms == "" {
		return o, nil
	}
	f, err := os.Open(t.Forms)
	if err != nil {
		return o, fault("file_unreadable", "file", t.Forms, "cause", err)
	}
	defer f.Close()
	profile, err := sigform.Read(f)
	if err != nil {
		return o, err
	}
	o.Forms = o.Forms.With(profile)
	return o, nil
}

// Run prints the verify.Report: {"verdict", "signatures": [{"field", "verdict", "signer", "algorithm", "level", "signedAt", "stampedAt", "stampedBy",
// "coversWholeFile", "changesAfter", "revocation", "findings", "seal"}], "timeStamps": [{"field", "verdict", "by", "at", "algorithm",
// "coversWholeFile", "changesAfter", "findings"}], "findings"}. "seal" is there where an electronic seal was pressed:
// {"version", "id", "name", "kind", "validFrom", "validUntil", "created", "vendor", "maker", "algorithm", "picture": {"format",
// "widthPixels", "heightPixels", "widthMM", "heightMM"}}. Its error carries the verdict to the exit status.
func (c *verifyCmd) Run(a *app) error {
	trusted, err := c.options()
	if err != nil {
		return err
	}
	if c.AsOf != "" {
		if c.Online || c.Intranet {
			return fault("as_of_online")
		}
		if trusted.Now, err = time.ParseInLocation(time.DateOnly, c.AsOf, time.Local); err != nil {
			return fault("as_of_date", "date", c.AsOf)
		}
	}
	if c.Online || c.Intranet {
		if trusted.Revocation, err = askRevocation(c.Intranet); err != nil {
			return err
		}
	}
	judge := a.judge
	switch {
	case c.Detached != "":
		judge = a.judgeDetached(c.Detached)
	case c.Report != "":
		judge = a.reporting(c.Report)
	}
	report, err := judge(c.File, trusted)
	if err != nil {
		return err
	}
	if c.Revision != 0 {
		if err := writeRevision(c.File, report, c.Revision, c.Out); err != nil {
			return err
		}
	}
	if err := a.tui.result(report, func() {
		a.showReport(c.File, report)
		if c.Revision != 0 {
			a.showRevision(report.Signatures[c.Revision-1], c.Out)
		}
	}); err != nil {
		return err
	}
	if !report.Valid() {
		return fault("verdict", "verdict", string(report.Verdict))
	}
	return nil
}

// askRevocation asks over the network, which the person asked for, and keeps what it hears while it holds.
func askRevocation(private bool) (*revocation.Checker, error) {
	f, err := folders()
	if err != nil {
		return nil, err
	}
	cache, err := revocation.OpenCache(filepath.Join(f.Cache, "revocation"))
	if err != nil {
		return nil, err
	}
	return &revocation.Checker{Fetcher: &fetch.Client{Private: private}, Cache: cache}, nil
}

// judge verifies a file.
func (a *app) judge(path string, trusted verify.Options) (*verify.Report, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return verify.File(a.ctx, f, size, trusted)
}

// openRegular opens a file that is to be judged, and tells its size in bytes.
func openRegular(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fault("file_unreadable", "file", path, "cause", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, fault("file_unreadable", "file", path, "cause", err)
	}
	return f, info.Size(), nil
}

// reporting is judge that writes what was found to a new PDF too.
func (a *app) reporting(to string) func(path string, trusted verify.Options) (*verify.Report, error) {
	return func(path string, trusted verify.Options) (*verify.Report, error) {
		renderer, err := newRenderer()
		if err != nil {
			return nil, err
		}
		defer renderer.Close()
		judge := checkup.ThisProgram("sealctl", version).String()
		report, data, err := judgement.Examiner{Words: a.words, Renderer: renderer, Options: trusted, Judge: judge}.Write(a.ctx, path)
		if err != nil {
			return nil, fault("file_unreadable", "file", path, "cause", err)
		}
		return report, create(to, data)
	}
}

func (a *app) showReport(path string, r *verify.Report) {
	said := r.Sentence()
	sentence, ok := a.words.Sentence(said.Code, said.Params)
	if !ok {
		sentence = string(r.Verdict)
	}
	a.tui.print("%s: %s", path, sentence)
	for _, f := range r.Findings {
		a.showFinding("  ", f.Code, f.Message, f.Params)
	}
	for i, s := range r.Signatures {
		at := ""
		if s.SignedAt != nil {
			at = s.SignedAt.Local().Format(time.DateTime)
		}
		covers := a.words.T("ctl.verify.covers_part")
		if s.CoversWholeFile {
			covers = a.words.T("ctl.verify.covers_all")
		}
		a.tui.print("%d. %s  %s  %s  %s  %s", i+1, a.words.T("ctl.verdict."+string(s.Verdict)), s.Signer, s.Algorithm, at, covers)
		a.tui.print("   %s  %s", a.words.T("ctl.verify.level", "level", levelName(s.Level)), a.words.T("ctl.verify.revocation."+string(cmp.Or(s.Revocation, revocation.NotKnown))))
		if s.StampedAt != nil {
			a.tui.print("   %s", a.words.T("ctl.verify.stamp", "at", s.StampedAt.Local().Format(time.DateTime), "by", s.StampedBy))
		}
		if seal := s.SealFacts; seal != nil {
			a.tui.print("   %s", a.words.T("ctl.verify.seal", "name", seal.Name, "maker", seal.Maker,
				"from", seal.ValidFrom.Local().Format(time.DateOnly), "until", seal.ValidUntil.Local().Format(time.DateOnly),
				"width", seal.Picture.WidthMM, "height", seal.Picture.HeightMM))
		}
		for _, f := range s.Findings {
			a.showFinding("   ", f.Code, f.Message, f.Params)
		}
		for _, c := range s.ChangesAfter {
			a.showFinding("   ", c.Code, c.Message, nil)
		}
	}
	for _, s := range r.Stamps {
		a.showStamp(s)
	}
}

// levelName is what the standard calls a level.
func levelName(level string) string {
	if level == "none" {
		return "-"
	}
	return "PAdES-" + level
}

// showStamp tells of a time stamp over the document.
func (a *app) showStamp(s verify.Stamp) {
	text := a.words.T("ctl.verify.document_stamp_unreadable")
	if s.At != nil {
		text = a.words.T("ctl.verify.document_stamp", "at", s.At.Local().Format(time.DateTime), "by", s.By)
	}
	a.tui.print("%s  %s", a.words.T("ctl.verdict."+string(s.Verdict)), text)
	for _, f := range s.Findings {
		a.showFinding("   ", f.Code, f.Message, f.Params)
	}
}

func (a *app) showFinding(indent, code, message string, params map[string]any) {
	if s, ok := a.words.Sentence(code, params); ok {
		message = s
	}
	a.tui.print("%s- %s [%s]", indent, message, code)
}

// readRoots reads trusted certificates; no file means none.
func readRoots(path string) ([]*smx509.Certificate, error) {
	if path == "" {
		return nil, nil
	}
	return desk.ReadRoots(path)
}
