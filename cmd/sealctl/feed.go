package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"runtime"
	"time"

	"sealdesk/signer/disk"
	"sealdesk/ui/desk/updates"
)

// feedCmd is for whoever publishes versions: the feed by which windows learn of a newer one, and the key that signs it.
type feedCmd struct {
	Key   feedKeyCmd   `cmd:"" help:"feed_key"`
	Sign  feedSignCmd  `cmd:"" help:"feed_sign"`
	Check feedCheckCmd `cmd:"" help:"feed_check"`
}

const maxFeedKey = 16 << 10 // bytes of a private key's file

type feedKeyCmd struct {
	Out string `required:"" short:"o" placeholder:"FILE" help:"feed_key_out"`
}

// Run prints {"file", "key"}: the private key's file, and the public key as updates.json has it.
func (c *feedKeyCmd) Run(a *app) error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	defer clear(private)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	defer clear(der)
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	defer clear(text)
	if err := create(c.Out, text); err != nil {
		return err
	}
	v := map[string]string{"file": c.Out, "key": base64.StdEncoding.EncodeToString(public)}
	return a.tui.result(v, func() { a.tui.print("%s\t%s", v["file"], v["key"]) })
}

type feedSignCmd struct {
	Release string            `required:"" placeholder:"1.4.0" help:"feed_release"`
	Page    string            `required:"" placeholder:"URL" help:"feed_page"`
	Note    map[string]string `mapsep:"none" placeholder:"zh-CN=FILE" help:"feed_note"`
	Date    string            `placeholder:"2006-01-02" help:"feed_date"`
	Days    int               `default:"60" help:"feed_days"`
	Key     string            `required:"" placeholder:"FILE|-" help:"feed_key_file"`
	Out     string            `required:"" short:"o" placeholder:"FILE" help:"feed_out"`
}

// Run prints {"file", "version", "until", "key"}.
func (c *feedSignCmd) Run(a *app) error {
	now := time.Now()
	if c.Days < 1 {
		return fault("feed_release", "reason", "--days")
	}
	r := updates.Release{Version: c.Release, Date: c.Date, Page: c.Page, Notes: map[string]string{}, Until: now.UTC().AddDate(0, 0, c.Days).Truncate(time.Second)}
	if r.Date == "" {
		r.Date = now.Format(time.DateOnly)
	}
	for language, path := range c.Note {
		text, err := disk.Read(path, updates.MaxFeed)
		if err != nil {
			return fault("file_unreadable", "file", path, "cause", err)
		}
		r.Notes[language] = string(text)
	}
	key, err := a.feedKey(c.Key)
	if err != nil {
		return err
	}
	defer clear(key)
	feed, err := updates.Sign(r, key)
	if errors.Is(err, updates.ErrFeed) {
		return fault("feed_release", "reason", errors.Unwrap(err))
	}
	if err != nil {
		return err
	}
	if err := create(c.Out, feed); err != nil {
		return err
	}
	// The file is made with mode 0600, which a web server would not read; there is nothing secret in it.
	if err := os.Chmod(c.Out, 0o644); err != nil {
		return fault("file_not_writable", "file", c.Out, "cause", err)
	}
	v := map[string]string{"file": c.Out, "version": r.Version, "until": r.Until.Format(time.RFC3339),
		"key": base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))}
	return a.tui.result(v, func() { a.tui.print("%s\t%s\t%s\t%s", v["file"], v["version"], v["until"], v["key"]) })
}

type feedCheckCmd struct {
	File   string `arg:"" help:"feed_file"`
	Key    string `required:"" xor:"key" placeholder:"BASE64" help:"feed_public"`
	Policy string `required:"" xor:"key" placeholder:"FILE" help:"feed_policy"`
}

// Run prints the release: {"version", "date", "notes", "page", "until"}.
func (c *feedCheckCmd) Run(a *app) error {
	key, err := c.key()
	if err != nil {
		return err
	}
	data, err := disk.Read(c.File, updates.MaxFeed)
	if err != nil {
		return fault("file_unreadable", "file", c.File, "cause", err)
	}
	r, err := updates.Open(data, key, time.Now())
	if err != nil {
		return err
	}
	return a.tui.result(r, func() {
		a.tui.print("%s\t%s\t%s\t%s", r.Version, r.Date, r.Page, r.Until.Format(time.RFC3339))
	})
}

// key is that of the flag, or of the administrator's file, which has to name a feed.
func (c *feedCheckCmd) key() (ed25519.PublicKey, error) {
	if c.Policy == "" {
		key, err := base64.StdEncoding.DecodeString(c.Key)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, fault("feed_key", "file", "--key")
		}
		return key, nil
	}
	if _, err := os.Stat(c.Policy); err != nil {
		return nil, fault("file_unreadable", "file", c.Policy, "cause", err)
	}
	source, err := updates.Decide(c.Policy, nil)
	if err != nil {
		return nil, err
	}
	if source == nil {
		return nil, updates.ErrPolicy
	}
	return source.Key, nil
}

// feedKey reads a private key from a file that is its owner's alone, or from standard input ("-"): an Ed25519 key in the PEM of PKCS #8.
func (a *app) feedKey(path string) (ed25519.PrivateKey, error) {
	from, named := a.tui.in, "-"
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fault("file_unreadable", "file", path, "cause", err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return nil, fault("file_unreadable", "file", path, "cause", err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			return nil, fault("feed_key_open", "file", path)
		}
		from, named = f, path
	}
	text, err := io.ReadAll(io.LimitReader(from, maxFeedKey))
	if err != nil {
		return nil, fault("file_unreadable", "file", named, "cause", err)
	}
	defer clear(text)
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fault("feed_key", "file", named)
	}
	defer clear(block.Bytes)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fault("feed_key", "file", named)
	}
	return key, nil
}
