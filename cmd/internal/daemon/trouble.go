package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"syscall"
)

// File says which flag named the file or folder that something is wrong with, and what to do where that is plain.
func File(flag, path string, err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err // it names the file, too
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--%s %s: %w; name a file that is there", flag, path, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("--%s %s: %w; let the user who runs this program read it (systemd hands a key over by LoadCredential)", flag, path, err)
	}
	return fmt.Errorf("--%s %s: %w", flag, path, err)
}

// Address says which flag named the address that cannot be listened on, and what to do.
func Address(flag, address string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("--%s %s: %w; another program, or another one of this, listens there: end it or name another port", flag, address, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("--%s %s: %w; a port below 1024 takes a right that the packaged service has: name a higher one", flag, address, err)
	}
	return fmt.Errorf("--%s %s: %w", flag, address, err)
}

// Pair says which flags named the certificate and the key that TLS does not take.
func Pair(cert, key string, err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		if p.Path == key {
			return File("tls-key", key, err)
		}
		return File("tls-cert", cert, err)
	}
	return fmt.Errorf("--tls-cert %s, --tls-key %s: %w; the first is the chain, the server's certificate before those that issued it, the second its key, both PEM", cert, key, err)
}

// Origins parses the value of --origin: addresses of scheme and host, separated by commas.
func Origins(text string) ([]string, error) {
	var all []string
	for o := range strings.SplitSeq(text, ",") {
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || o != u.Scheme+"://"+u.Host {
			return nil, Wrong("--origin: %q is not an address such as https://contracts.example", o)
		}
		all = append(all, o)
	}
	return all, nil
}
