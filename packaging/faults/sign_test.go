//go:build linux && amd64

package faults_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/packaging/faults"
	"sealdesk/platformapi/platformtest"
	"sealdesk/signer"
	"sealdesk/signer/paper"
	"sealdesk/signer/verify"

	"sealdesk/assets"
	"sealdesk/token/ca"
)

type signJob struct {
	In, Out string
	Key     []byte   // PKCS #8
	Chain   [][]byte // DER
}

func chainOf(ders [][]byte) (chain []*smx509.Certificate, err error) {
	for _, der := range ders {
		c, err := smx509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		chain = append(chain, c)
	}
	return chain, nil
}

// signChild signs a file.
func signChild(in io.Reader, out io.Writer) error {
	var j signJob
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	key, err := x509.ParsePKCS8PrivateKey(j.Key)
	if err != nil {
		return err
	}
	chain, err := chainOf(j.Chain)
	if err != nil {
		return err
	}
	if _, err := (signer.Job{In: j.In, Out: j.Out, Key: key.(crypto.Signer), Chain: chain, Time: time.Now()}).Run(context.Background()); err != nil {
		return err
	}
	fmt.Fprintln(out, "signed")
	return nil
}

// A file is signed whole or it is not there, wherever the disk fails or the program dies; and what is called signed is there.
func TestSigningAtEveryPoint(t *testing.T) {
	authority, err := ca.New(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ca.GenerateKey(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	cert, _, err := authority.IssuePair(ca.Subject{Name: platformtest.Purchaser.Name, USCC: platformtest.Purchaser.USCC, Handler: "张三"}, key.Public(), key.Public())
	if err != nil {
		t.Fatal(err)
	}
	regular, err := paper.ParseFace(assets.SansRegular())
	if err != nil {
		t.Fatal(err)
	}
	doc := paper.New(regular, regular, paper.Options{Title: "合同"})
	doc.Paragraph("采购人与中标单位签订本合同。", paper.Plain)
	input, err := doc.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	everyPoint(t, 5, []faults.Kind{faults.IOError, faults.Full, faults.Short, faults.Kill}, func(t *testing.T, point int, kind faults.Kind) string {
		dir := folder(t)
		j := signJob{In: filepath.Join(dir, "in.pdf"), Out: filepath.Join(dir, "out.pdf"), Key: marshalKey(t, key), Chain: [][]byte{cert.Raw}}
		if err := os.WriteFile(j.In, input, 0o600); err != nil {
			t.Fatal(err)
		}
		p, out, errs := program(t, "sign", j, dir, point, kind)
		lines := said(t, out)
		failed, err := p.Wait()
		if err == nil && !lines["signed\n"] || failed == "" && err != nil {
			t.Errorf("it ended with %v and said %v: %s", err, lines, errs)
		}
		if left, err := os.ReadFile(j.In); err != nil || string(left) != string(input) {
			t.Errorf("the input was changed: %v", err)
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		signed := false
		for _, f := range files {
			signed = signed || f.Name() == "out.pdf"
			// After an error of the disk the temporary file may stay only when it could not be removed itself.
			if name := f.Name(); name != "in.pdf" && name != "out.pdf" && kind == faults.Full {
				t.Errorf("%s stays", name)
			}
		}
		if lines["signed\n"] && !signed {
			t.Error("it is called signed and is not there")
		}
		if signed {
			whole(t, j.Out, authority.Roots())
		}
		return failed
	})
}

// whole fails unless a file's signature holds.
func whole(t *testing.T, path string, roots []*smx509.Certificate) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	report, err := verify.File(t.Context(), f, info.Size(), verify.Options{Roots: roots, Now: time.Now()})
	if err != nil || report.Verdict != verify.Valid {
		t.Errorf("what is there is not whole: %v, %v", report.Verdict, err)
	}
}
