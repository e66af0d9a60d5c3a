package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/fetch"
	"sealdesk/signer/revocation"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
	"sealdesk/token"
	"sealdesk/token/ca"
)

// keyKinds are the keys that sign, by the name that the table has for them.
var keyKinds = []string{"RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384", "P-521", "SM2"}

// party is who signs.
type party struct {
	kind  string
	key   crypto.Signer
	chain []*smx509.Certificate
	seal  *ses.Seal // for SM2
}

// world is the authorities that all the judges are told to trust, and those that sign. The authorities answer on the
// loopback: revocation by OCSP and lists, and time stamps.
type world struct {
	folder    string
	authority *ca.Authority
	server    *http.Server
	base      string // URL
	parties   map[string]*party
}

const stampPath = "/tsa"

func newWorld(folder string) (*world, error) {
	w := &world{folder: folder, parties: map[string]*party{}}
	var err error
	if w.authority, err = ca.New(); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w.base = "http://" + listener.Addr().String()
	stamps, err := w.stamper()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", w.authority.Handler())
	mux.HandleFunc("POST "+stampPath, func(rw http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, tsa.MaxRequest))
		var answer []byte
		if err == nil {
			answer, err = stamps.Stamp(r.Context(), query)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		rw.Header().Set("Content-Type", tsa.AnswerType)
		_, _ = rw.Write(answer) // the asker is gone when this fails
	})
	w.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = w.server.Serve(listener) }() // ends with Close
	for _, kind := range keyKinds {
		if w.parties[kind], err = w.party(kind); err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
	}
	if err := w.writeRoots(); err != nil {
		return nil, err
	}
	return w, w.makeNSS()
}

func (w *world) Close() error { return w.server.Close() }

// issue makes a certificate whose revocation can be asked for.
func (w *world) issue(name string, pub crypto.PublicKey, purpose ca.Purpose) ([]*smx509.Certificate, error) {
	algorithm, err := ca.AlgorithmOf(pub)
	if err != nil {
		return nil, err
	}
	cert, err := w.authority.Issue(ca.Request{
		Subject: ca.Subject{Name: name}, PublicKey: pub, Usage: token.UsageSign, Purpose: purpose,
		OCSP: w.base + ca.OCSPPath, CRL: w.base + ca.CRLPath(algorithm),
	})
	if err != nil {
		return nil, err
	}
	return []*smx509.Certificate{cert, w.authority.Root(algorithm)}, nil
}

func newKey(kind string) (crypto.Signer, error) {
	switch kind {
	case "RSA-2048":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "RSA-3072":
		return rsa.GenerateKey(rand.Reader, 3072)
	case "RSA-4096":
		return rsa.GenerateKey(rand.Reader, 4096)
	case "P-256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "P-521":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "SM2":
		return sm2.GenerateKey(rand.Reader)
	}
	return nil, fmt.Errorf("no keys of the kind %q", kind)
}

// stamper has a key for SM3 and another for everything else.
func (w *world) stamper() (*tsa.Authority, error) {
	config := tsa.AuthorityConfig{Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 1}, Accuracy: time.Second}
	for _, kind := range []string{"RSA-3072", "SM2"} {
		key, err := newKey(kind)
		if err != nil {
			return nil, err
		}
		chain, err := w.issue("Time stamps "+kind, key.Public(), ca.ForTimeStamps)
		if err != nil {
			return nil, err
		}
		config.Pairs = append(config.Pairs, tsa.Pair{Key: key, Chain: chain})
	}
	return tsa.NewAuthority(config)
}

func (w *world) party(kind string) (*party, error) {
	key, err := newKey(kind)
	if err != nil {
		return nil, err
	}
	p := &party{kind: kind, key: key}
	if p.chain, err = w.issue("Signer "+kind, key.Public(), ca.ForDocuments); err != nil || kind != "SM2" {
		return p, err
	}
	p.seal, err = w.makeSeal(p.chain[0])
	return p, err
}

// makeSeal has a maker make an electronic seal that one signer may press.
func (w *world) makeSeal(signer *smx509.Certificate) (*ses.Seal, error) {
	key, err := newKey("SM2")
	if err != nil {
		return nil, err
	}
	chain, err := w.issue("Seal maker", key.Public(), ca.ForDocuments)
	if err != nil {
		return nil, err
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, ring()); err != nil {
		return nil, err
	}
	now := time.Now()
	der, err := ses.Maker{Signer: key, Certificate: chain[0]}.Make(ses.Info{
		Version: ses.V4, Vendor: "SealDesk", ID: "41089900000001", Kind: ses.Organisation, Name: "Contract seal",
		Signers: ses.SignersByCertificate(signer), Created: now, From: now.Add(-time.Minute), Until: now.AddDate(1, 0, 0),
		Picture: ses.Picture{Format: "PNG", Data: picture.Bytes(), WidthMM: 40, HeightMM: 40},
	})
	if err != nil {
		return nil, err
	}
	return ses.ParseSeal(der)
}

// ring is what the seals show.
func ring() *image.NRGBA {
	const size = 240
	m := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			dx, dy := x-size/2, y-size/2
			if r := dx*dx + dy*dy; r < size*size/4 && r > size*size/5 {
				m.SetNRGBA(x, y, color.NRGBA{0xd7, 0x19, 0x1f, 0xff})
			}
		}
	}
	return m
}

func redSeal() *seal.Seal { return &seal.Seal{Name: "seal", Image: ring(), WidthMM: 40, HeightMM: 40} }

// stamps asks the world's own service.
func (w *world) stamps() *tsa.Client {
	return &tsa.Client{URL: w.base + stampPath, Roots: w.authority.Roots()}
}

// revocation asks the world's own authority.
func (w *world) revocation() verify.Revocation {
	return &revocation.Checker{Fetcher: &fetch.Client{Private: true}}
}

func (w *world) path(name string) string { return filepath.Join(w.folder, name) }

// writeRoots writes roots.pem for those who know SM2, and common.pem for those who do not.
func (w *world) writeRoots() error {
	if err := os.WriteFile(w.path("roots.pem"), w.authority.RootsPEM(), 0o600); err != nil {
		return err
	}
	return os.WriteFile(w.path("common.pem"), certsPEM(w.authority.Root(ca.RSA), w.authority.Root(ca.ECDSA)), 0o600)
}

func certsPEM(certs ...*smx509.Certificate) []byte {
	var out []byte
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// makeNSS makes the database that pdfsig takes its roots from, where there is a program to make it with.
func (w *world) makeNSS() error {
	if err := os.MkdirAll(w.path("nss"), 0o700); err != nil {
		return err
	}
	if _, err := exec.LookPath("certutil"); err != nil {
		return nil // pdfsigJudge says what is missing
	}
	commands := [][]string{{"-N", "--empty-password"}}
	for _, algorithm := range []ca.Algorithm{ca.RSA, ca.ECDSA} {
		path := w.path(string(algorithm) + ".pem")
		if err := os.WriteFile(path, certsPEM(w.authority.Root(algorithm)), 0o600); err != nil {
			return err
		}
		commands = append(commands, []string{"-A", "-n", string(algorithm), "-t", "CT,C,C", "-a", "-i", path})
	}
	for _, args := range commands {
		if out, err := exec.Command("certutil", append(args, "-d", "sql:"+w.path("nss"))...).CombinedOutput(); err != nil {
			return fmt.Errorf("certutil: %w: %s", err, out)
		}
	}
	return nil
}
