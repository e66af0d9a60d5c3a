package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

var trials = []trial{
	clean("clean copy of a Word document", "assets/samples/sample-contract.docx"),
	sign("sign 1 MB", 1<<20), sign("sign 20 MB", 20<<20), sign("sign 200 MB", 200<<20), sign("sign 1 GB", 1<<30),
	signSM2("sign 200 MB with SM2", 200<<20), signSM2("sign 1 GB with SM2", 1<<30),
	check("verify 1 MB", 1<<20), check("verify 20 MB", 20<<20), check("verify 200 MB", 200<<20), check("verify 1 GB", 1<<30),
	seal("seal a bid of 1 GB", 1<<30), unseal("open a bid of 1 GB", 1<<30),
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
			{name: "soffice --convert-to pdf", as: peer | floor, args: bare},
		}, nil
	}}
}

// whole is up to which size in bytes those are measured that hold a document in memory.
const whole = 200 << 20

// sign measures signing with RSA. Our key is on a token of SoftHSM2, as opening a key file costs 64 MiB of memory on
// purpose (Argon2id); what that takes is a row of its own. The others have theirs in a PKCS #12 file.
func sign(name string, size int64) trial {
	return trial{name: name, target: "ahead of all others, at most 1.1 times hash and copy, under 32 MB", contenders: func(ctx context.Context, t tools) ([]contender, error) {
		d, err := t.document(size)
		if err != nil {
			return nil, err
		}
		file, err := d.keyFile(ctx, "rsa")
		if err != nil {
			return nil, err
		}
		pfx, err := d.pkcs12(ctx)
		if err != nil {
			return nil, err
		}
		out := absent(d.out)
		all := append([]contender{{name: "sealctl sign, key in a file", args: d.sign(file), fresh: out}}, d.floor("-sha256")...)
		all = append(all, contender{name: "mutool sign", as: peer, fresh: out, args: []string{"mutool", "sign", "-s", pfx, "-P", pfxWord, "-o", d.out, d.in, strconv.Itoa(fieldObject)}})
		if size <= whole {
			all = append(all,
				contender{name: "pyHanko", as: peer, fresh: out, args: []string{pyhanko, "packaging/bench/with_pyhanko.py", "sign", pfx, pfxWord, d.in, d.out}},
				contender{name: "DSS", as: peer, fresh: out, args: dss("sign", "--pfx", pfx, "--password", pfxWord, d.in, d.out)})
		}
		token, env, err := d.softHSM(ctx)
		if err != nil || token == nil {
			return all, err
		}
		return append([]contender{{name: "sealctl sign, key on a token", args: d.sign(token), env: env, fresh: out}}, all...), nil
	}}
}

func signSM2(name string, size int64) trial {
	return trial{name: name, target: "at most 1.1 times hash and copy", contenders: func(ctx context.Context, t tools) ([]contender, error) {
		d, err := t.document(size)
		if err != nil {
			return nil, err
		}
		key, err := d.keyFile(ctx, "sm2")
		if err != nil {
			return nil, err
		}
		return append([]contender{{name: "sealctl sign, key in a file", args: d.sign(key), fresh: absent(d.out)}}, d.floor("-sm3")...), nil
	}}
}

func check(name string, size int64) trial {
	return trial{name: name, target: "ahead of all others, at most 1.1 times the hash, under 32 MB", contenders: func(ctx context.Context, t tools) ([]contender, error) {
		d, err := t.document(size)
		if err != nil {
			return nil, err
		}
		key, err := d.keyFile(ctx, "rsa")
		if err != nil {
			return nil, err
		}
		if err := quiet(ctx, nil, d.sign(key)...); err != nil {
			return nil, err
		}
		roots := filepath.Join(d.work, "ca", "roots.pem")
		all := []contender{
			{name: "sealctl verify", args: []string{t.sealctl, "verify", d.out, "--trust", roots}},
			{name: "openssl dgst -sha256", as: floor, args: []string{"openssl", "dgst", "-sha256", d.out}},
			{name: "pdfsig", as: peer, args: []string{"pdfsig", "-nocert", d.out}},
			{name: "mutool sign -v", as: peer, args: []string{"mutool", "sign", "-v", d.out}},
		}
		if size <= whole {
			all = append(all,
				contender{name: "pyHanko", as: peer, args: []string{pyhanko, "packaging/bench/with_pyhanko.py", "verify", roots, d.out}},
				contender{name: "DSS", as: peer, args: dss("validate", "--offline", d.out)})
		}
		return all, nil
	}}
}

// pyhanko is the Python that make interop puts pyHanko into.
const pyhanko = ".cache/pyhanko/bin/python"

// dss runs the program that make interop compiles over DSS. Without that there is nothing to run.
func dss(args ...string) []string {
	const folder = ".cache/dss"
	if _, err := os.Stat(folder + "/classes/Dss.class"); err != nil {
		return []string{folder}
	}
	return append([]string{"java", "-cp", folder + "/lib/*" + string(os.PathListSeparator) + folder + "/classes", "Dss"}, args...)
}

func quiet(ctx context.Context, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(args[0]), err, out)
	}
	return nil
}

// absent makes sure that a run does not find the last one's output: to
// overwrite a large file costs more than to write a new one. Nor does it find the
// disk at work on that, which those that do not wait for it leave to the next.
func absent(path string) func() error {
	return func() error {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return exec.Command("sync").Run()
	}
}
