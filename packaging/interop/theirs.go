package main

import (
	"context"
	"encoding/pem"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// theirKeys are what all of them know.
var (
	theirKeys = []string{"RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384", "P-521"}
)

const password = "interop"

func (w *world) pfx(key string) string { return w.path(key + ".pfx") }

// writeKey writes the key and the certificates of a party, as PEM and as PKCS #12.
func (w *world) writeKey(ctx context.Context, p *party) error {
	der, err := smx509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		return err
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), certsPEM(p.chain...)...)
	if err := os.WriteFile(w.path(p.kind+".pem"), both, 0o600); err != nil {
		return err
	}
	if out, ok := tell(ctx, "openssl", "pkcs12", "-export", "-in", w.path(p.kind+".pem"), "-name", p.kind, "-out", w.pfx(p.kind), "-passout", "pass:"+password); !ok {
		return fmt.Errorf("openssl pkcs12: %s", lastLine(out))
	}
	return nil
}

// theirOrder is a signature that somebody else makes.
type theirOrder struct {
	key, form    string // pades, adobe or detached
	level        signer.Level
	visible, pss bool
	certify      int
	after        string // a file with one signature, to sign after it; "" for a contract that nobody signed
}

func (o theirOrder) sample(by, path, content string) sample {
	s := sample{name: fmt.Sprintf("%s %s %s", by, o.form, o.key), path: path, form: o.form, levels: []signer.Level{o.level}, fields: 1}
	if o.level != "" {
		s.name += " " + string(o.level)
	}
	if o.form == "detached" {
		s.content = content
	}
	if o.pss {
		s.name += " PSS"
	}
	if o.visible {
		s.name += " visible"
	}
	if o.certify > 0 {
		s.name += fmt.Sprintf(" certifies %d", o.certify)
	}
	if o.after != "" {
		s.levels, s.fields = []signer.Level{signer.LevelB, o.level}, 2
		if longTerm(o.level) {
			s.levels[0] = anyLevel
		}
		s.name += ", after SealDesk"
	}
	return s
}

// theirOrders are what both of those who know all levels are asked for; signed is one of our files with one signature.
func theirOrders(signed string) []theirOrder {
	var orders []theirOrder
	for _, level := range levels {
		for _, key := range theirKeys {
			orders = append(orders, theirOrder{key: key, level: level, form: "pades"})
		}
		orders = append(orders, theirOrder{key: "P-256", level: level, form: "pades", visible: true},
			theirOrder{key: "P-256", level: level, form: "pades", after: signed})
		for certify := 1; certify <= 3 && (level == signer.LevelB || level == signer.LevelLTA); certify++ {
			orders = append(orders, theirOrder{key: "RSA-2048", level: level, form: "pades", certify: certify})
		}
	}
	orders = append(orders, theirOrder{key: "P-256", level: signer.LevelB, form: "pades", after: signed, visible: true})
	for _, key := range theirKeys {
		orders = append(orders, theirOrder{key: key, level: "B", form: "detached"})
	}
	return append(orders, theirOrder{key: "RSA-2048", level: "T", form: "detached"})
}

// others has everybody sign who is there. signed is a file that we signed once, with PAdES B.
func (w *world) others(ctx context.Context, pyhankoFolder, dssFolder, signed string) ([]sample, error) {
	contract, err := w.document(3)
	if err != nil {
		return nil, err
	}
	for _, key := range theirKeys {
		if err := w.writeKey(ctx, w.parties[key]); err != nil {
			return nil, err
		}
	}
	signers := []func() ([]sample, error){func() ([]sample, error) { return w.byPrograms(ctx, contract) }}
	if (pyhankoJudge{pyhankoFolder}).missing() == "" {
		signers = append(signers, func() ([]sample, error) { return w.byPyHanko(ctx, pyhankoFolder, signed, contract) })
	}
	if (dssJudge{dssFolder}).missing() == "" {
		signers = append(signers, func() ([]sample, error) { return w.byDSS(ctx, dssFolder, signed, contract) })
	}
	parts, err := together(signers)
	return slices.Concat(parts...), err
}

// byPyHanko has pyHanko sign. What it does not manage is an error: it is asked for what it knows.
func (w *world) byPyHanko(ctx context.Context, folder, signed, contract string) ([]sample, error) {
	orders := theirOrders(signed)
	for _, key := range []string{"RSA-2048", "P-256"} {
		orders = append(orders, theirOrder{key: key, level: "B", form: "adobe"}, theirOrder{key: key, level: "T", form: "adobe"})
	}
	orders = append(orders, theirOrder{key: "RSA-2048", level: "B", form: "pades", pss: true}, theirOrder{key: "RSA-3072", level: "T", form: "pades", pss: true})
	return w.theirs(ctx, "pyHanko", orders, contract, pyhanko(folder, "sign.py", w.path("common.pem"), w.base+stampPath), func(o theirOrder, pfx, in, out string) []string {
		words := []string{string(o.level), pfx, password, in, out}
		for word, on := range map[string]bool{"visible": o.visible, "pss": o.pss, "adobe": o.form == "adobe", "detached": o.form == "detached", "field=Theirs": true} {
			if on {
				words = append(words, word)
			}
		}
		if o.certify > 0 {
			words = append(words, fmt.Sprintf("certify=%d", o.certify))
		}
		return words
	})
}

// byDSS has DSS sign.
func (w *world) byDSS(ctx context.Context, folder, signed, contract string) ([]sample, error) {
	return w.theirs(ctx, "DSS", theirOrders(signed), contract, dss(folder), func(o theirOrder, pfx, in, out string) []string {
		words := []string{"sign", "--roots", w.path("common.pem"), "--pfx", pfx, "--password", password, "--level", string(o.level), "--tsa", w.base + stampPath}
		if o.visible {
			words = append(words, "--visible")
		}
		if o.form == "detached" {
			words = append(words, "--detached")
		}
		if o.certify > 0 {
			words = append(words, "--certify", fmt.Sprint(o.certify))
		}
		return append(words, in, out)
	})
}

func (w *world) theirs(ctx context.Context, by string, orders []theirOrder, contract string, with speaker, words func(o theirOrder, pfx, in, out string) []string) ([]sample, error) {
	var samples []sample
	var commands [][]string
	for i, o := range orders {
		in, out := contract, w.path(fmt.Sprintf("%s-%03d.pdf", strings.ToLower(by), i))
		if o.after != "" {
			in = o.after
		}
		samples = append(samples, o.sample(by, out, contract))
		commands = append(commands, words(o, w.pfx(o.key), in, out))
	}
	answers, err := ask[struct{ File, Failure string }](ctx, with, commands)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", by, err)
	}
	for _, a := range answers {
		if a.Failure != "" {
			i := slices.IndexFunc(samples, func(s sample) bool { return s.path == a.File })
			return nil, fmt.Errorf("%s does not sign %s: %s", by, samples[max(i, 0)].name, a.Failure)
		}
	}
	return samples, nil
}

// byPrograms has pdfsig, mutool and openssl sign, as far as they are there.
func (w *world) byPrograms(ctx context.Context, contract string) ([]sample, error) {
	var samples []sample
	empty := w.path("empty-field.pdf")
	number, err := writeEmptyField(empty)
	if err != nil {
		return nil, err
	}
	for _, key := range theirKeys {
		pfx := w.pfx(key)
		adobe := theirOrder{key: key, form: "adobe"}
		detached := theirOrder{key: key, form: "detached", level: "B"}
		jobs := []struct {
			sample
			args []string
		}{
			{adobe.sample("mutool", w.path("mutool-"+key+".pdf"), ""), []string{"mutool", "sign", "-s", pfx, "-P", password, "-o", w.path("mutool-" + key + ".pdf"), empty, fmt.Sprint(number)}},
			{adobe.sample("pdfsig", w.path("pdfsig-"+key+".pdf"), ""), []string{"pdfsig", "-nssdir", "sql:" + w.path("nss"), "-add-signature", "-nick", key, contract, w.path("pdfsig-" + key + ".pdf")}},
			{detached.sample("openssl cms -cades", w.path("openssl-"+key+".p7s"), contract), []string{"openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-outform", "DER", "-in", contract, "-signer", w.path(key + ".pem"), "-out", w.path("openssl-" + key + ".p7s")}},
		}
		if strings.HasPrefix(key, "RSA") {
			pss := detached
			pss.pss = true
			path := w.path("openssl-pss-" + key + ".p7s")
			jobs = append(jobs, struct {
				sample
				args []string
			}{pss.sample("openssl cms -cades", path, contract), []string{"openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-outform", "DER",
				"-in", contract, "-signer", w.path(key + ".pem"), "-keyopt", "rsa_padding_mode:pss", "-out", path}})
		}
		if out, ok := tell(ctx, "pk12util", "-i", pfx, "-W", password, "-d", "sql:"+w.path("nss")); !ok {
			return nil, fmt.Errorf("pk12util: %s", lastLine(out))
		}
		for _, j := range jobs {
			// pdfsig and mutool reserve the room that a trial signature took, and fail when ECDSA's next one is longer, or shorter
			// too. mutool says so and ends well, with zeros for a value.
			out, ok := "", false
			for try := 0; try < 20 && !ok; try++ {
				out, ok = tell(ctx, j.args[0], j.args[1:]...)
				ok = ok && !strings.Contains(out, "signer provided no signature digest")
			}
			if !ok {
				return nil, fmt.Errorf("%s does not sign %s: %s", j.args[0], j.name, lastLine(out))
			}
			samples = append(samples, j.sample)
		}
	}
	return samples, nil
}

// writeEmptyField writes a contract with a signature field that nobody signed, and returns the field's object number.
func writeEmptyField(path string) (uint32, error) {
	next := pdf.Ref{Num: 6} // a document of one page has five objects
	b, root := pdftest.Build(pdftest.Options{
		Catalog: pdf.Dict{"AcroForm": pdf.Dict{"Fields": pdf.Array{next}, "SigFlags": pdf.Integer(3)}},
		Page:    pdf.Dict{"Annots": pdf.Array{next}},
	})
	field := b.Add(pdf.Dict{
		"Type": pdf.Name("Annot"), "Subtype": pdf.Name("Widget"), "FT": pdf.Name("Sig"), "T": pdf.String("Theirs"), "F": pdf.Integer(132),
		"Rect": pdf.Array{pdf.Integer(100), pdf.Integer(100), pdf.Integer(220), pdf.Integer(160)},
	})
	if field != next {
		return 0, fmt.Errorf("the field became object %d, not %d", field.Num, next.Num)
	}
	return field.Num, os.WriteFile(path, b.Bytes(pdf.Table, root), 0o600)
}
