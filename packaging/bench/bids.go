package main

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// bidTarget counts the memory beside what opening the key file takes on purpose.
const bidTarget = "ahead of openssl enc -sm4-ctr, at most twice openssl enc -aes-256-ctr, which signs, hashes and checks nothing; under 64 MB beside the 64 MB of the key file"

// outline asks for one part, which is sealed.
const outline = `{"tender": "T", "lot": "1", "name": "bench", "parts": [{"code": "a", "name": "A", "kind": "technical", "required": true, "envelope": "all"}]}`

// bidder makes what a bid is made of: its outline, the content, and a key of each kind in a file.
func (t tools) bidder(ctx context.Context, size int64) (content string, keys map[string][]string, err error) {
	content = filepath.Join(t.work, "content")
	if err := os.WriteFile(filepath.Join(t.work, "outline.json"), []byte(outline), 0o600); err != nil {
		return "", nil, err
	}
	if err := noise(content, size); err != nil {
		return "", nil, err
	}
	keys = map[string][]string{}
	for _, algorithm := range []string{"rsa", "sm2"} {
		d := document{tools: t}
		d.work = filepath.Join(t.work, algorithm)
		if err := os.Mkdir(d.work, 0o700); err != nil {
			return "", nil, err
		}
		if keys[algorithm], err = d.keyFile(ctx, algorithm); err != nil {
			return "", nil, err
		}
	}
	return content, keys, nil
}

// noise writes a file that lies on the disk afterwards. Zeros would do for the ciphers, but not for every disk.
func noise(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	block := make([]byte, 1<<20)
	state := uint64(time.Now().UnixNano())
	for at := int64(0); at < size; at += int64(len(block)) {
		for i := range block {
			state = state*6364136223846793005 + 1442695040888963407
			block[i] = byte(state >> 56)
		}
		if _, err := f.Write(block); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// build is our command that makes a bid.
func (t tools) build(content, out string, key []string) []string {
	return append([]string{t.sealctl, "bid", "build", "--outline", filepath.Join(t.work, "outline.json"),
		"--code", "91330100MA27XXXX0X", "--part", "a=" + content, "-o", out}, key...)
}

// ciphers is what others encrypt with: a bare stream cipher, which finds no alteration, without a signature, syncing or reading
// back.
func ciphers(content, out string, fresh func() error) []contender {
	var all []contender
	const iv = "000102030405060708090a0b0c0d0e0f"
	for _, c := range []struct {
		cipher, key string
		as          role
	}{{"-sm4-ctr", iv, peer}, {"-aes-256-ctr", iv + iv, floor}} {
		enc := []string{"openssl", "enc", c.cipher, "-K", c.key, "-iv", iv, "-in", content, "-out", out}
		all = append(all, contender{name: "openssl enc " + c.cipher, as: c.as, fresh: fresh, args: enc},
			contender{name: "openssl enc " + c.cipher + " and sync", as: c.as, fresh: fresh, args: append([]string{"sh", "-c", `"$@" && sync "$0"`, out}, enc...)})
	}
	return all
}

func seal(name string, size int64) trial {
	return trial{name: name, target: bidTarget, contenders: func(ctx context.Context, t tools) ([]contender, error) {
		content, keys, err := t.bidder(ctx, size)
		if err != nil {
			return nil, err
		}
		out := filepath.Join(t.work, "out")
		all := []contender{
			{name: "sealctl bid build, SM4-GCM and SM3", args: t.build(content, out, keys["sm2"]), fresh: absent(out)},
			{name: "sealctl bid build, AES-256-GCM and SHA-256", args: t.build(content, out, keys["rsa"]), fresh: absent(out)},
		}
		return append(all, ciphers(content, out, absent(out))...), nil
	}}
}

func unseal(name string, size int64) trial {
	return trial{name: name, target: bidTarget, contenders: func(ctx context.Context, t tools) ([]contender, error) {
		content, keys, err := t.bidder(ctx, size)
		if err != nil {
			return nil, err
		}
		var all []contender
		for _, algorithm := range []string{"sm2", "rsa"} {
			sealed, folder := filepath.Join(t.work, algorithm+".bid"), filepath.Join(t.work, "opened")
			if err := quiet(ctx, nil, t.build(content, sealed, keys[algorithm])...); err != nil {
				return nil, err
			}
			all = append(all, contender{
				name: "sealctl bid decrypt, " + map[string]string{"sm2": "SM4-GCM and SM3", "rsa": "AES-256-GCM and SHA-256"}[algorithm],
				args: append([]string{t.sealctl, "bid", "decrypt", sealed, "-o", folder}, keys[algorithm]...), fresh: func() error { return os.RemoveAll(folder) },
			})
		}
		out := filepath.Join(t.work, "out")
		return append(all, ciphers(content, out, absent(out))...), nil
	}}
}
