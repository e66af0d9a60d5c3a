package anchors

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"
)

const (
	builtInKeychain = "/System/Library/Keychains/SystemRootCertificates.keychain"
	systemKeychain  = "/Library/Keychains/System.keychain" // it holds servers' and devices' certificates, too
)

func system() ([]*smx509.Certificate, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	builtIn, err := keychains(ctx, builtInKeychain)
	if err != nil {
		return nil, err
	}
	all, err := keychains(ctx, builtInKeychain, systemKeychain)
	if err != nil {
		return nil, err
	}
	admin, err := exportTrust(ctx, "-d")
	if err != nil {
		return nil, err
	}
	person, err := exportTrust(ctx)
	if err != nil {
		return nil, err
	}
	return believed(all, builtIn, admin, person), nil
}

func keychains(ctx context.Context, paths ...string) ([]*smx509.Certificate, error) {
	data, err := exec.CommandContext(ctx, "/usr/bin/security", append([]string{"find-certificate", "-a", "-p"}, paths...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("anchors: security: %w", err)
	}
	found, _ := parse(data) // what cannot be read is not believed
	return found, nil
}

// exportTrust reads the trust settings of a domain: -d is the administrator's, none the person's.
func exportTrust(ctx context.Context, domain ...string) (trustSettings, error) {
	dir, err := os.MkdirTemp("", "sealdesk-trust-")
	if err != nil {
		return nil, fmt.Errorf("anchors: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "settings.plist")
	said, err := exec.CommandContext(ctx, "/usr/bin/security", append(append([]string{"trust-settings-export"}, domain...), path)...).CombinedOutput()
	if err != nil && strings.Contains(string(said), "No Trust Settings were found") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("anchors: security: %w", err)
	}
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	return parseTrust(data)
}
