package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"

	"sealdesk/signer"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/seal"
	"sealdesk/signer/sigform"
)

// sample is a signed file and what there is to know of it.
type sample struct {
	name   string // its row in the table
	path   string
	form   string         // of its last signature: a sigform's name, or "detached"
	levels []signer.Level // of its signatures in their order; "" where the form has none, anyLevel where it is not asked for
	fields int            // that are signed
	// content is the file that a detached signature is over; "" for a PDF.
	content string
	// broken says that a byte of what was signed was changed afterwards: every judge must refuse it.
	broken bool
}

// last is the level of the newest signature.
func (s sample) last() signer.Level { return s.levels[len(s.levels)-1] }

// alone says whether the file must bring what proves that no certificate was revoked. That comes after the signature, which
// cannot cover the whole file then.
func (s sample) alone() bool {
	return !slices.ContainsFunc(s.levels, func(l signer.Level) bool { return !longTerm(l) })
}

func longTerm(l signer.Level) bool { return l == signer.LevelLT || l == signer.LevelLTA }

// anyLevel is that of a signature after which somebody else's brought what makes it a higher one.
const anyLevel signer.Level = "any"

// levels are those that we sign at.
var levels = []signer.Level{signer.LevelB, signer.LevelT, signer.LevelLT, signer.LevelLTA}

// order is a signature to make.
type order struct {
	key, form string
	level     signer.Level // "" where the form has none
	at        string       // seal.ParsePlace's text; "" shows nowhere
	certify   int
	pages     int
}

// sign makes one signature over in.
func (w *world) sign(ctx context.Context, o order, in, out string) error {
	by := w.parties[o.key]
	forms := sigform.Default()
	i := slices.IndexFunc(forms, func(f sigform.Form) bool { return f.Name == o.form })
	job := signer.Job{
		In: in, Out: out, Key: by.key, Chain: by.chain, Form: forms[i], Certify: o.certify, Reason: "contract",
		Roots: w.authority.Roots(), Makers: w.authority.Roots(),
	}
	if o.at != "" {
		place, err := seal.ParsePlace(o.at)
		if err != nil {
			return err
		}
		job.Places = []seal.Place{place}
		if o.form == "seal" {
			job.Electronic = by.seal
		} else {
			job.Seal = redSeal()
		}
	}
	if o.level != "" && o.level != signer.LevelB {
		job.Stamps = w.stamps()
	}
	if o.level == signer.LevelLT || o.level == signer.LevelLTA {
		job.Level, job.Revocation = o.level, w.revocation()
	}
	_, err := job.Run(ctx)
	return err
}

// ours signs in every combination that we offer.
func (w *world) ours(ctx context.Context) ([]sample, error) {
	m := maker{world: w, ctx: ctx}
	const here = "page=1,x=60mm,y=200mm"
	for _, level := range levels {
		for _, key := range keyKinds {
			m.pdf(order{key: key, level: level, form: "pades", at: here})
		}
		if level == signer.LevelB || level == signer.LevelT { // the others are PAdES's alone
			for _, key := range keyKinds {
				m.pdf(order{key: key, level: level, form: "adobe"})
			}
			m.pdf(order{key: "SM2", level: level, form: "gm", at: here})
		}
		for _, key := range []string{"RSA-2048", "P-256", "SM2"} {
			m.pdf(order{key: key, level: level, form: "pades"})
		}
		for certify := 1; certify <= 3; certify++ {
			m.pdf(order{key: "RSA-2048", level: level, form: "pades", at: here, certify: certify})
		}
		// The other party signs on top.
		second := order{key: "P-256", level: level, form: "pades", at: "page=1,x=150mm,y=200mm"}
		m.pdf(order{key: "RSA-2048", level: level, form: "pades", at: here}, second)
		m.pdf(order{key: "RSA-2048", level: level, form: "pades", at: here, certify: 2}, second)
	}
	m.pdf(order{key: "SM2", form: "seal", at: here})
	m.pdf(order{key: "SM2", form: "seal", at: here}, order{key: "RSA-2048", level: "B", form: "pades", at: "page=1,x=150mm,y=200mm"})
	m.pdf(order{key: "RSA-2048", level: "B", form: "pades", at: "edge", pages: 51}, order{key: "P-256", level: "B", form: "pades", at: "edge,y=220mm", pages: 51})
	for _, key := range keyKinds {
		m.detached(key, false, false)
	}
	m.detached("RSA-2048", true, false)
	m.detached("SM2", false, true)
	for _, key := range []string{"RSA-2048", "P-384"} {
		m.broken(order{key: key, level: "B", form: "pades", at: here})
	}
	return m.samples, m.err
}

// maker collects the samples, until the first error.
type maker struct {
	world   *world
	ctx     context.Context
	samples []sample
	err     error
}

func (m *maker) next() string { return m.world.path(fmt.Sprintf("ours-%03d", len(m.samples))) }

// pdf signs one document, several times one after the other.
func (m *maker) pdf(orders ...order) {
	if m.err != nil {
		return
	}
	in, err := m.world.document(max(3, orders[0].pages))
	if err != nil {
		m.err = err
		return
	}
	var s sample
	for i, o := range orders {
		s.form, s.levels, s.fields = o.form, append(s.levels, o.level), s.fields+max(1, o.pages)
		s.path = fmt.Sprintf("%s-%d.pdf", m.next(), i+1)
		if i > 0 {
			s.name += "; then "
		}
		s.name += o.String()
		if err := m.world.sign(m.ctx, o, in, s.path); err != nil {
			m.err = fmt.Errorf("%s: %w", s.name, err)
			return
		}
		in = s.path
	}
	m.samples = append(m.samples, s)
}

func (o order) String() string {
	name := o.form + " " + o.key
	if o.level != "" {
		name += " " + string(o.level)
	}
	switch {
	case o.pages > 1:
		name += fmt.Sprintf(" over the edges of %d pages", o.pages)
	case o.at == "":
		name += " invisible"
	}
	if o.certify > 0 {
		name += fmt.Sprintf(" certifies %d", o.certify)
	}
	return name
}

// document is a contract that nobody signed yet.
func (w *world) document(pages int) (string, error) {
	path := w.path(fmt.Sprintf("contract-%d.pdf", pages))
	return path, os.WriteFile(path, pdftest.Document(pdftest.Options{Pages: pages}), 0o600)
}

func (m *maker) detached(key string, pem, gm bool) {
	if m.err != nil {
		return
	}
	in, err := m.world.document(3)
	if err != nil {
		m.err = err
		return
	}
	s := sample{name: "detached " + key, path: m.next() + ".p7s", form: "detached", levels: []signer.Level{signer.LevelB}, fields: 1, content: in}
	if pem {
		s.name += " PEM"
	}
	if gm {
		s.name, s.levels = "detached gm "+key, []signer.Level{""}
	}
	by := m.world.parties[key]
	_, m.err = signer.Detached{In: in, Out: s.path, Key: by.key, Chain: by.chain, PEM: pem, GM: gm, Roots: m.world.authority.Roots()}.Run(m.ctx)
	m.samples = append(m.samples, s)
}

// broken changes one letter of what the last of the samples signed.
func (m *maker) broken(o order) {
	if m.pdf(o); m.err != nil {
		return
	}
	s := &m.samples[len(m.samples)-1]
	s.name, s.broken = s.name+", altered", true
	data, err := os.ReadFile(s.path)
	if err == nil {
		err = os.WriteFile(s.path, bytes.Replace(data, []byte("(Contract,"), []byte("(Kontract,"), 1), 0o600)
	}
	m.err = err
}
