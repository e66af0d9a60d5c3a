package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

var trials = []trial{
	clean("clean copy of a Word document", "assets/samples/sample-contract.docx"),
	sign("sign 1 MB", "rsa", 1<<20), sign("sign 200 MB", "rsa", 200<<20), sign("sign 1 GB", "rsa", 1<<30),
	sign("sign 1 GB with SM2", "sm2", 1<<30),
	check("verify 1 MB", "rsa", 1<<20), check("verify 200 MB", "rsa", 200<<20), check("verify 1 GB", "rsa", 1<<30),
}

// clean measures a clean copy beside a bare conversion by the same converter,
// whose profile exists already, so that it need not be made.
func clean(name, in string) trial {
	return trial{name: name, target: "at most 1.1 times the bare conversion", contenders: func(ctx context.Context, t tools) ([]contender, error) {
		profile := filepath.Join(t.work, "profile")
		bare := []string{"soffice", "-env:UserInstallation=file://" + profile, "--headless", "--convert-to", "pdf", "--outdir", filepath.Join(t.work, "bare"), in}
		if err := exec.CommandContext(ctx, bare[0], bare[1:]...).Run(); err != nil && !errors.Is(err, exec.ErrNotFound) {
			return nil, err
		}
		out := filepath.Join(t.work, "clean.pdf")
		return []contender{
			{name: "sealctl clean", args: []string{t.sealctl, "clean", in, "-o", out}, fresh: absent(out)},
			{name: "soffice --convert-to pdf", args: bare},
		}, nil
	}}
}

func sign(name, algorithm string, size int64) trial {
	return trial{name: name, target: "at most 1.1 times hash and copy", contenders: func(ctx context.Context, t tools) ([]contender, error) {
		in, out, key, err := signing(ctx, t, algorithm, size)
		if err != nil {
			return nil, err
		}
		digest := map[string]string{"rsa": "-sha256", "sm2": "-sm3"}[algorithm]
		return []contender{
			{name: "sealctl sign", args: append([]string{t.sealctl, "sign", in, "-o", out}, key...), fresh: absent(out)},
			{name: "hash and copy", fresh: absent(out), args: []string{"sh", "-c", `openssl dgst ` + digest + ` "$1" && cp "$1" "$2"`, "sh", in, out}},
		}, nil
	}}
}

func check(name, algorithm string, size int64) trial {
	return trial{name: name, target: "ahead of pdfsig, at most 1.1 times the hash", contenders: func(ctx context.Context, t tools) ([]contender, error) {
		in, out, key, err := signing(ctx, t, algorithm, size)
		if err != nil {
			return nil, err
		}
		if err := quiet(ctx, append([]string{t.sealctl, "sign", in, "-o", out}, key...)...); err != nil {
			return nil, err
		}
		roots := filepath.Join(t.work, "ca", "roots.pem")
		return []contender{
			{name: "sealctl verify", args: []string{t.sealctl, "verify", out, "--trust", roots}},
			{name: "openssl dgst", args: []string{"openssl", "dgst", "-sha256", out}},
			{name: "pdfsig", args: []string{"pdfsig", "-nocert", out}},
			{name: "mutool sign -v", args: []string{"mutool", "sign", "-v", out}},
		}, nil
	}}
}

// signing makes a document of a size and a key; key is the arguments that name it.
func signing(ctx context.Context, t tools, algorithm string, size int64) (in, out string, key []string, err error) {
	in, out = filepath.Join(t.work, "in.pdf"), filepath.Join(t.work, "out.pdf")
	pin, keys := filepath.Join(t.work, "pin"), filepath.Join(t.work, "keys")
	if err := os.WriteFile(pin, []byte("123456\n"), 0o600); err != nil {
		return "", "", nil, err
	}
	key = []string{"--token", "soft:module-path=" + keys + ";token=bench", "--pin-file", pin}
	init := append([]string{t.sealctl, "token", "init", "--name", "某县人民医院", "--work", filepath.Join(t.work, "ca"), "--algorithm", algorithm}, key...)
	if err := quiet(ctx, init...); err != nil {
		return "", "", nil, err
	}
	f, err := os.Create(in)
	if err != nil {
		return "", "", nil, err
	}
	defer f.Close()
	large := pdftest.NewLarge(pdf.Table, size)
	if _, err := io.Copy(f, io.NewSectionReader(large, 0, large.Size())); err != nil {
		return "", "", nil, err
	}
	return in, out, key, f.Close()
}

func quiet(ctx context.Context, args ...string) error {
	if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(args[0]), err, out)
	}
	return nil
}

// absent makes sure that a run does not find the last one's output: to
// overwrite a large file costs more than to write a new one.
func absent(path string) func() error {
	return func() error {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
}
