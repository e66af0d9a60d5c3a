package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"sealdesk/assets/i18n"
	"sealdesk/cmd/internal/demo"
	"sealdesk/cmd/sealdesk/instance"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/link"
	"sealdesk/ui/desk/platforms"
	"sealdesk/ui/desk/updates"
	"sealdesk/ui/desk/words"
)

// requested sorts the arguments into files, as absolute paths, and one link. Desktops hand files over as file: URLs, too.
func requested(args []string) (instance.Request, error) {
	var r instance.Request
	for _, a := range args {
		switch {
		case link.Is(a):
			r.Link = a
			continue
		case strings.HasPrefix(a, "-"):
			return r, fmt.Errorf("sealdesk: flags come before files: %q", a)
		case strings.HasPrefix(a, "file:"):
			file, ok := fileOf(a, runtime.GOOS)
			if !ok {
				return r, fmt.Errorf("sealdesk: %q is no file of this machine", a)
			}
			a = file
		}
		path, err := filepath.Abs(a)
		if err != nil {
			return r, err
		}
		r.Files = append(r.Files, path)
	}
	return r, nil
}

// fileOf is the path that a file: URL names on a system (RFC 8089). On Windows that is one of a drive: the slash before its letter is
// the URL's, and what begins with two would be on another machine.
func fileOf(address, system string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host != "" && u.Host != "localhost" || !strings.HasPrefix(u.Path, "/") {
		return "", false
	}
	if system != "windows" {
		return u.Path, true
	}
	path := strings.ReplaceAll(u.Path[1:], "/", `\`)
	if len(path) < 3 || path[1:3] != `:\` || !('a' <= path[0]|0x20 && path[0]|0x20 <= 'z') {
		return "", false
	}
	return path, true
}

// claim makes this the only window for its data, or hands the request to the one that is there, with instance.ErrOther. Where
// neither can be done, the window opens all the same: the outbox is safe with several.
func claim(ctx context.Context, o options) (*instance.First, error) {
	folders, err := desk.SystemFolders("sealdesk")
	if err != nil {
		return nil, err
	}
	data := folders.Data
	if o.demo {
		data = o.work
	}
	at := instance.Folder(os.Getenv, folders.Cache)
	first, err := instance.Claim(at, data)
	if !errors.Is(err, instance.ErrOther) {
		return first, err
	}
	if err := instance.Hand(ctx, at, data, o.open); err != nil {
		return nil, err
	}
	return nil, instance.ErrOther
}

// speak gives the words: of the language that was asked for, else of the one that was chosen in the settings, else of the system's.
func speak(o options, getenv func(string) string) (*words.Catalog, error) {
	lang := o.lang
	if lang == "" {
		folders := demo.Folders(o.work)
		if !o.demo {
			var err error
			if folders, err = desk.SystemFolders("sealdesk"); err != nil {
				return nil, err
			}
		}
		lang = desk.ChosenLanguage(folders)
	}
	if lang == "" {
		languages, err := words.Languages(i18n.Files)
		if err != nil {
			return nil, err
		}
		lang = words.FromEnvironment(getenv, languages)
	}
	return words.New(i18n.Files, lang)
}

// updateSource is where newer versions are asked for: what was built in, if the administrator does not say otherwise.
func updateSource() (*updates.Source, error) {
	var builtIn *updates.Source
	if updateFeed != "" {
		key, err := base64.StdEncoding.DecodeString(updateKey)
		if err != nil {
			return nil, err
		}
		if builtIn, err = updates.NewSource(updateFeed, key); err != nil {
			return nil, err
		}
	}
	return updates.Decide(platforms.Preset(os.Getenv, "updates.json"), builtIn)
}
