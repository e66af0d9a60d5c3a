package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// document is what is signed, and the keys to sign it with.
type document struct {
	tools
	in, out string
}

const (
	pin     = "123456"
	pfxWord = "123456"
	// fieldObject is the empty signature field that the document has, as mutool fills one and makes none.
	fieldObject = 5
)

// document makes a document of about a size in bytes.
func (t tools) document(size int64) (document, error) {
	d := document{tools: t, in: filepath.Join(t.work, "in.pdf"), out: filepath.Join(t.work, "out.pdf")}
	f, err := os.Create(d.in)
	if err != nil {
		return d, err
	}
	defer f.Close()
	large := pdftest.NewLarge(pdf.Table, size)
	if _, err := io.Copy(f, io.NewSectionReader(large, 0, large.Size())); err != nil {
		return d, err
	}
	file, err := pdf.Open(large, large.Size())
	if err != nil {
		return d, err
	}
	at, offsets := large.Size(), [3]int64{}
	var update []byte
	for i, object := range []string{
		"1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]/SigFlags 1>>>>\nendobj\n",
		"3 0 obj\n<</Type/Page/Parent 2 0 R/Resources<<>>/Annots[5 0 R]>>\nendobj\n",
		"5 0 obj\n<</Type/Annot/Subtype/Widget/FT/Sig/T(Empty)/F 132/P 3 0 R/Rect[400 40 500 100]>>\nendobj\n",
	} {
		offsets[i] = at + int64(len(update))
		update = append(update, object...)
	}
	update = fmt.Appendf(update, "xref\n1 1\n%010d 00000 n \n3 1\n%010d 00000 n \n5 1\n%010d 00000 n \ntrailer\n<</Size 6/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n",
		offsets[0], offsets[1], offsets[2], file.Revisions()[0].XRef, at+int64(len(update)))
	if _, err := f.Write(update); err != nil {
		return d, err
	}
	if err := f.Sync(); err != nil { // the disk has nothing left to do when it is signed
		return d, err
	}
	return d, f.Close()
}

// sign is our command with a key, which is given as the arguments that name it.
func (d document) sign(key []string) []string {
	return append([]string{d.sealctl, "sign", d.in, "-o", d.out}, key...)
}

// floor is what nobody can do without: reading and hashing the document and writing it. Ours lies safely on the disk
// afterwards, which cp leaves to chance, so that has a row too.
func (d document) floor(digest string) []contender {
	script := `openssl dgst ` + digest + ` "$1" && cp "$1" "$2"`
	return []contender{
		{name: "hash and copy", as: floor, fresh: absent(d.out), args: []string{"sh", "-c", script, "sh", d.in, d.out}},
		{name: "hash, copy and sync", as: floor, fresh: absent(d.out), args: []string{"sh", "-c", script + ` && sync "$2"`, "sh", d.in, d.out}},
	}
}

// keyOf puts a demo key on the token that a URI names.
func (d document) keyOf(ctx context.Context, uri, algorithm string, env []string) ([]string, error) {
	file := filepath.Join(d.work, "pin")
	if err := os.WriteFile(file, []byte(pin+"\n"), 0o600); err != nil {
		return nil, err
	}
	key := []string{"--token", uri, "--pin-file", file}
	init := append([]string{d.sealctl, "token", "init", "--name", "某县人民医院", "--work", filepath.Join(d.work, "ca"), "--algorithm", algorithm}, key...)
	return key, quiet(ctx, env, init...)
}

// keyFile is a key in a file of ours.
func (d document) keyFile(ctx context.Context, algorithm string) ([]string, error) {
	return d.keyOf(ctx, "soft:module-path="+filepath.Join(d.work, "keys")+";token=bench", algorithm, nil)
}

// softHSM is a key on a token of SoftHSM2, and the environment in which that is found; nil when SoftHSM2 is not installed.
func (d document) softHSM(ctx context.Context) (key, env []string, err error) {
	var library string
	for _, pattern := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 { // the patterns are right
			library = found[0]
			break
		}
	}
	if _, err := exec.LookPath("softhsm2-util"); library == "" || err != nil {
		return nil, nil, nil
	}
	tokens, conf := filepath.Join(d.work, "tokens"), filepath.Join(d.work, "softhsm2.conf")
	if err := os.MkdirAll(tokens, 0o700); err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(conf, []byte("directories.tokendir = "+tokens+"\n"), 0o600); err != nil {
		return nil, nil, err
	}
	env = []string{"SOFTHSM2_CONF=" + conf}
	if err := quiet(ctx, env, "softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", pin, "--so-pin", pin); err != nil {
		return nil, nil, err
	}
	key, err = d.keyOf(ctx, "pkcs11:module-path="+library+";token=bench", "rsa", env)
	return key, env, err
}

// pkcs12 is a key as the others take it.
func (d document) pkcs12(ctx context.Context) (pfx string, err error) {
	key, certificate := filepath.Join(d.work, "key.pem"), filepath.Join(d.work, "certificate.pem")
	pfx = filepath.Join(d.work, "key.pfx")
	err = quiet(ctx, nil, "openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-subj", "/CN=bench", "-days", "30", "-keyout", key, "-out", certificate)
	if err == nil {
		err = quiet(ctx, nil, "openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-out", pfx, "-passout", "pass:"+pfxWord)
	}
	return pfx, err
}
