package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/bid"
	"sealdesk/signer/finding"
	"sealdesk/signer/verify"
	"sealdesk/token/mobileca"
	"sealdesk/token/uri"
)

type bidDecryptCmd struct {
	In       string   `arg:"" placeholder:"IN.bid" help:"bid_file"`
	Token    string   `required:"" placeholder:"URI" help:"token_uri"`
	PINFile  string   `name:"pin-file" placeholder:"FILE" help:"pin_file"`
	Envelope []string `placeholder:"NAME" sep:"none" help:"bid_envelope"`
	Out      string   `required:"" short:"o" placeholder:"OUT" help:"bid_decrypt_out"`
}

// decryptedJSON is the answer of `bid decrypt`.
type decryptedJSON struct {
	Layer string     `json:"layer"` // "outer" or "inner": what was taken off
	Out   string     `json:"out"`   // the bid without the outer layer, or the folder of the parts
	Parts []string   `json:"parts"` // the files in the folder
	Price *bid.Price `json:"price"` // as it was committed to; null where its envelope was not opened
}

// Run prints {"layer", "out", "parts", "price"}. The contents are held to the signed digests before a PIN is asked.
func (c *bidDecryptCmd) Run(a *app) error {
	if err := mustBeFree(c.Out); err != nil {
		return err
	}
	f, err := bid.OpenFile(c.In)
	if err != nil {
		return err
	}
	defer f.Close()
	report, err := a.judgeBid(f.Bid, verify.Options{})
	if err != nil {
		return err
	}
	if err := damageOf(report); err != nil {
		return err
	}
	names := c.Envelope
	if len(names) == 0 {
		for _, e := range f.Manifest().Envelopes {
			names = append(names, e.Name)
		}
	}
	key, err := c.keyFor(a, f.Bid, names)
	if err != nil {
		return err
	}
	defer key.token.Close()
	v := decryptedJSON{Layer: "inner", Out: c.Out, Parts: []string{}}
	if slices.ContainsFunc(names, f.Closed) {
		v.Layer, err = "outer", c.takeOff(a, f.Bid, key, names)
	} else {
		err = c.open(a, f.Bid, key, names, &v)
	}
	if err != nil {
		return err
	}
	return a.tui.result(v, func() {
		a.tui.print("%s\t%s", v.Out, a.words.T("ctl.bid.off_"+v.Layer))
		for _, name := range v.Parts {
			a.tui.print("  %s", name)
		}
		if v.Price != nil {
			for _, f := range v.Price.Fields {
				a.tui.print("  %s\t%s\t%s", f.Name, f.Value, f.Capitals)
			}
		}
	})
}

// bidKeys are the keys of one token, unlocked, by the certificates that a bid needs.
type bidKeys struct {
	token found
	keys  map[string]bid.Key // by envelope
}

// keyFor finds the token's keys for the envelopes, by serial number, and unlocks it.
func (c *bidDecryptCmd) keyFor(a *app, b *bid.Bid, names []string) (*bidKeys, error) {
	a.asksFor(mobileca.Decrypt, filepath.Base(c.In), false)
	f, u, err := a.one(c.Token)
	if err != nil {
		return nil, err
	}
	k := &bidKeys{f, map[string]bid.Key{}}
	if err := k.fill(a, b, names, u, c.PINFile); err != nil {
		_ = f.Close()
		return nil, err
	}
	return k, nil
}

func (k *bidKeys) fill(a *app, b *bid.Bid, names []string, u *uri.URI, pinFile string) error {
	if err := k.token.link(a.ctx); err != nil {
		return err
	}
	ids, err := k.token.Identities(a.ctx)
	if err != nil {
		return err
	}
	var certs []*smx509.Certificate
	for _, id := range ids {
		certs = append(certs, id.Certificate())
	}
	found := map[string]int{}
	for _, name := range names {
		cert, err := b.Find(name, certs)
		if err != nil {
			return err
		}
		if time.Now().After(cert.NotAfter) {
			a.tui.warn("ctl.warn.bid_expired", "serial", bid.Serial(cert), "date", cert.NotAfter.Local().Format(time.DateOnly))
		}
		found[name] = slices.Index(certs, cert)
	}
	if err := a.enterPIN(k.token, u, pinFile); err != nil {
		return err
	}
	used := false
	for name, i := range found {
		decrypter, err := ids[i].Decrypter(a.ctx)
		if err != nil {
			return err
		}
		if k.token.phone() {
			decrypter = phoneDecrypter{a.ctx, k.token, ids[i], decrypter.Public(), &used}
		}
		k.keys[name] = bid.Key{Certificate: certs[i], Decrypter: decrypter}
	}
	return nil
}

// takeOff writes the bid without the platform's layer.
func (c *bidDecryptCmd) takeOff(a *app, b *bid.Bid, k *bidKeys, names []string) error {
	for _, name := range names {
		if _, err := b.OpenOuter(name, k.keys[name]); err != nil {
			return err
		}
	}
	progress, end := a.bidProgress()
	defer end()
	return b.Unwrapped(a.ctx, c.Out, progress)
}

// open writes the parts to a folder that is made for them, and reveals the price. Nothing is left of it when something fails.
func (c *bidDecryptCmd) open(a *app, b *bid.Bid, k *bidKeys, names []string, v *decryptedJSON) (err error) {
	if err := os.Mkdir(c.Out, 0o700); err != nil {
		return fault("file_not_writable", "file", c.Out, "cause", err)
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(c.Out) // it was made a moment ago
		}
	}()
	opened := map[string]*bid.Opened{}
	for _, name := range names {
		if opened[name], err = b.OpenInner(name, k.keys[name]); err != nil {
			return err
		}
		defer opened[name].Forget()
		p, err := opened[name].Price()
		switch {
		case err == nil:
			v.Price = &p
		case !errors.Is(err, &bid.Error{Kind: bid.NoPrice}):
			return err
		}
	}
	progress, end := a.bidProgress()
	defer end()
	for _, p := range b.Manifest().Parts {
		if p.Kind == bid.KindOpening || p.Sealed() && opened[p.Envelope] == nil {
			continue
		}
		part := b.Part
		if p.Sealed() {
			part = opened[p.Envelope].Part
		}
		r, err := part(p.Code)
		if err != nil {
			return err
		}
		if err := r.Save(a.ctx, filepath.Join(c.Out, p.Name), progress); err != nil {
			return err
		}
		v.Parts = append(v.Parts, p.Name)
	}
	return nil
}

type bidVerifyCmd struct {
	In      string `arg:"" placeholder:"IN.bid" help:"bid_file"`
	Outline string `placeholder:"OUTLINE.json" help:"bid_outline"`
	SameAs  string `name:"same-as" placeholder:"OTHER.bid" help:"bid_same_as"`
	trustFlags
}

// bidReportJSON is the answer of `bid verify`.
type bidReportJSON struct {
	Verdict   verify.Verdict    `json:"verdict"`
	Signature verify.Signature  `json:"signature"`
	Damage    []damageJSON      `json:"damage"`
	Findings  []finding.Finding `json:"findings"` // of the outline
	Layers    map[string]string `json:"layers"`   // of each envelope: "outer" or "inner", what is on it
	Manifest  *bid.Manifest     `json:"manifest"`
}

// damageJSON is what became of a part. Chunks count from 0.
type damageJSON struct {
	Code       string `json:"code"`
	Part       string `json:"part"`
	Chunk      int64  `json:"chunk"`
	OtherPart  string `json:"otherPart"`
	OtherChunk int64  `json:"otherChunk"`
	Count      int64  `json:"count"`
}

// Run prints {"verdict", "signature", "damage", "findings", "layers", "manifest"}. Its error carries the verdict to the exit
// status.
func (c *bidVerifyCmd) Run(a *app) error {
	trusted, err := c.options()
	if err != nil {
		return err
	}
	f, err := bid.OpenFile(c.In)
	if err != nil {
		return err
	}
	defer f.Close()
	if c.SameAs != "" {
		other, err := bid.OpenFile(c.SameAs)
		if err != nil {
			return err
		}
		defer other.Close()
		if err := other.Manifest().SameOffer(f.Manifest()); err != nil {
			return err
		}
	}
	report, err := a.judgeBid(f.Bid, trusted)
	if err != nil {
		return err
	}
	v := bidReportJSON{report.Verdict, report.Signature, []damageJSON{}, []finding.Finding{}, map[string]string{}, f.Manifest()}
	for _, e := range report.Damage {
		v.Damage = append(v.Damage, damageJSON{e.Code(), e.Part, e.Chunk, e.OtherPart, e.OtherChunk, e.Count})
	}
	for _, e := range f.Manifest().Envelopes {
		v.Layers[e.Name] = "inner"
		if f.Closed(e.Name) {
			v.Layers[e.Name] = "outer"
		}
	}
	if c.Outline != "" {
		outline, err := readOutline(c.Outline)
		if err != nil {
			return err
		}
		v.Findings = append(v.Findings, outline.CheckManifest(f.Manifest())...)
	}
	for _, found := range v.Findings {
		v.Verdict = worse(v.Verdict, found.Severity.Verdict())
	}
	if err := a.tui.result(v, func() { a.showBid(c.In, v, report) }); err != nil {
		return err
	}
	if v.Verdict != verify.Valid {
		return fault("verdict", "verdict", string(v.Verdict))
	}
	return nil
}

// worse is the worse of two verdicts.
func worse(a, b verify.Verdict) verify.Verdict {
	order := []verify.Verdict{verify.Valid, verify.Untrusted, verify.Invalid}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

func (a *app) judgeBid(b *bid.Bid, trusted verify.Options) (*bid.Report, error) {
	progress, end := a.bidProgress()
	defer end()
	return b.Verify(a.ctx, trusted, progress)
}

// damageOf is nil where a bid is intact, whoever signed it.
func damageOf(r *bid.Report) error {
	var all []error
	for _, e := range r.Damage {
		all = append(all, e)
	}
	if !r.Signature.Intact {
		all = append(all, &bid.Error{Kind: bid.BadSignature})
	}
	return errors.Join(all...)
}

func (a *app) showBid(path string, v bidReportJSON, r *bid.Report) {
	m := v.Manifest
	a.tui.print("%s: %s  %s (%s)  %s %s", path, a.words.T("ctl.verdict."+string(v.Verdict)), m.Bidder.Name, m.Bidder.Code, m.Tender, m.Lot)
	s := v.Signature
	at := ""
	if s.SignedAt != nil {
		at = s.SignedAt.Local().Format(time.DateTime)
	}
	a.tui.print("  %s  %s  %s  %s", a.words.T("ctl.verdict."+string(s.Verdict)), s.Signer, s.Algorithm, at)
	for _, f := range s.Findings {
		a.showFinding("  ", f.Code, f.Message, f.Params)
	}
	for _, e := range m.Envelopes {
		a.tui.print("  %s  %s", e.Name, a.words.T("ctl.bid.on_"+v.Layers[e.Name]))
	}
	for _, p := range m.Parts {
		a.tui.print("  %s\t%s\t%d\t%s", p.Code, p.Name, p.Size, p.Envelope)
	}
	for _, e := range r.Damage {
		a.showFinding("  ", e.Code(), e.Detail, e.Params())
	}
	for _, f := range v.Findings {
		a.showFinding("  ", f.Code, f.Message, f.Params)
	}
}
