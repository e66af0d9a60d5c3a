package mobileca

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/smallfile"
)

// Bounds of the file that remembers certificates.
const (
	maxRemembered = 32
	maxMemory     = 2 << 20 // bytes
)

// remembered is one certificate as the file has it: public, and for display alone.
type remembered struct {
	Use   token.Usage `json:"use"`
	Chain []string    `json:"chain"` // DER, base64url
}

// recall reads the certificates of earlier links, the latest first. A file that is damaged is one that is not there.
func recall(path string) []certificate {
	if path == "" {
		return nil
	}
	data, err := smallfile.Read(path, maxMemory)
	var kept []remembered
	if err != nil || json.Unmarshal(data, &kept) != nil || len(kept) > maxRemembered {
		return nil
	}
	var out []certificate
	for _, r := range kept {
		if c, err := r.certificate(); err == nil {
			out = append(out, c)
		}
	}
	return out
}

func (r remembered) certificate() (certificate, error) {
	c := certificate{use: r.Use}
	if len(r.Chain) == 0 || len(r.Chain) > maxChain {
		return c, errors.New("no certificate")
	}
	for _, text := range r.Chain {
		der, err := b64.DecodeString(text)
		if err != nil {
			return c, err
		}
		cert, err := smx509.ParseCertificate(der)
		if err != nil {
			return c, err
		}
		c.chain = append(c.chain, cert)
	}
	c.id = b64.EncodeToString(sum(c.chain[0].Raw))
	return c, nil
}

// remember puts the certificates of a link before those of earlier ones.
func remember(path string, now []certificate) error {
	if path == "" {
		return nil
	}
	all := slices.Clone(now)
	for _, c := range recall(path) {
		if !slices.ContainsFunc(all, func(o certificate) bool { return o.id == c.id }) {
			all = append(all, c)
		}
	}
	var kept []remembered
	for _, c := range all[:min(len(all), maxRemembered)] {
		r := remembered{Use: c.use}
		for _, cert := range c.chain {
			r.Chain = append(r.Chain, b64.EncodeToString(cert.Raw))
		}
		kept = append(kept, r)
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("remember a certificate: %w", err)
	}
	return smallfile.Write(path, data, 0o600)
}
