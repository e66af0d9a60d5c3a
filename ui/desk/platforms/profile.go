package platforms

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sealdesk/platformapi/client"
	"sealdesk/signer/anchors"
	"sealdesk/signer/disk"
)

// Bounds of what one platform may bring.
const (
	maxName    = 60       // characters
	maxRoots   = 64 << 10 // bytes of PEM
	maxService = 200      // bytes of a signing service's address
	maxHotline = 40       // characters
)

// A Profile is one trading platform.
type Profile struct {
	Name     string `json:"name"`
	Address  string `json:"address"`            // "https://host[:port]"
	Roots    string `json:"roots,omitempty"`    // PEM: the only ones that its TLS certificate, and the mobile CA's, may lead to; empty: the system's
	MobileCA string `json:"mobileCA,omitempty"` // address of the mobile-CA service; empty: there is none
	// CSC is where a remote signing service answers that speaks the Cloud Signature Consortium's API, version 2,
	// "https://host[:port]/path", and CSCAccount whose keys there are used; empty: there is none.
	CSC        string `json:"csc,omitempty"`
	CSCAccount string `json:"cscAccount,omitempty"`
	// Level is the level of PAdES baseline that signatures with a time stamp shall have there: "T", "LT" or "LTA"; empty: "T".
	Level string `json:"level,omitempty"`
	// Hotline is the telephone number of those who help with the platform, as it is to be read; empty: none is shown.
	Hotline string `json:"hotline,omitempty"`

	Preset bool `json:"-"` // of whoever administers the machine
}

// ID names the platform as a folder may be named. It follows from the address alone, so that another name changes nothing.
func (p Profile) ID() string {
	host := strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, strings.TrimPrefix(p.Address, "https://"))
	if len(host) > 80 {
		host = host[:80]
	}
	sum := sha256.Sum256([]byte(p.Address))
	return host + "-" + hex.EncodeToString(sum[:4])
}

// Pool are the roots of the platform's TLS certificate; nil stands for the system's.
func (p Profile) Pool() (*x509.CertPool, error) {
	if p.Roots == "" {
		return nil, nil
	}
	certs, err := parseRoots([]byte(p.Roots))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, c := range certs {
		pool.AddCert(c)
	}
	return pool, nil
}

// RootNames are the roots by name.
func (p Profile) RootNames() []string {
	var names []string
	certs, _ := parseRoots([]byte(p.Roots)) // they were checked when they were set
	for _, c := range certs {
		name := c.Subject.CommonName
		if name == "" {
			name = c.Subject.String()
		}
		names = append(names, name)
	}
	return names
}

// ReadRoots reads a file, PEM (RFC 7468, 5) or DER, of at most 64 KiB as Profile keeps it. Error: platforms.roots.
func ReadRoots(path string) (string, error) {
	data, err := disk.Read(path, maxRoots)
	if err != nil {
		return "", fault("roots", err)
	}
	certs, err := parseRoots(data)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, c := range certs {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return out.String(), nil
}

func parseRoots(data []byte) ([]*x509.Certificate, error) {
	if len(data) > maxRoots {
		return nil, fault("roots", nil)
	}
	found, err := anchors.Parse(data)
	if err != nil {
		return nil, fault("roots", err)
	}
	var certs []*x509.Certificate
	for _, c := range found {
		cert, err := x509.ParseCertificate(c.Raw) // TLS knows fewer algorithms than signatures do
		if err != nil {
			return nil, fault("roots", err)
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// remote checks the address of a signing service, and that it and the account come together.
func remote(service, account string) (string, string, error) {
	if service == "" && account == "" {
		return "", "", nil
	}
	u, err := url.Parse(strings.TrimSuffix(service, "/"))
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(service) > maxService {
		return "", "", fault("csc", err, "address", service)
	}
	origin, err := client.Origin(u.Scheme + "://" + u.Host)
	if err != nil {
		return "", "", fault("csc", err, "address", service)
	}
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) || r == ':' } // HTTP's Basic scheme has a colon behind the account
	if n := utf8.RuneCountInString(account); n == 0 || n > maxName || strings.ContainsFunc(account, unprintable) {
		return "", "", fault("csc_account", nil, "max", maxName)
	}
	return origin + u.Path, account, nil
}

// normal checks a profile and gives it back as it is kept.
func (p Profile) normal() (Profile, error) {
	p.Name = strings.TrimSpace(p.Name)
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if n := utf8.RuneCountInString(p.Name); n == 0 || n > maxName || !utf8.ValidString(p.Name) || strings.ContainsFunc(p.Name, unprintable) {
		return p, fault("name", nil, "max", maxName)
	}
	origin, err := client.Origin(strings.TrimSpace(p.Address))
	if err != nil {
		return p, fault("address", err, "address", p.Address)
	}
	p.Address = origin
	if p.MobileCA = strings.TrimSpace(p.MobileCA); p.MobileCA != "" {
		mobile, err := client.Origin(p.MobileCA)
		if err != nil {
			return p, fault("mobile_ca", err, "address", p.MobileCA)
		}
		p.MobileCA = mobile
	}
	if p.CSC, p.CSCAccount, err = remote(strings.TrimSpace(p.CSC), strings.TrimSpace(p.CSCAccount)); err != nil {
		return p, err
	}
	if !slices.Contains([]string{"", "T", "LT", "LTA"}, p.Level) {
		return p, fault("level", nil, "level", p.Level)
	}
	p.Hotline = strings.TrimSpace(p.Hotline)
	if utf8.RuneCountInString(p.Hotline) > maxHotline || !utf8.ValidString(p.Hotline) || strings.ContainsFunc(p.Hotline, unprintable) {
		return p, fault("hotline", nil, "max", maxHotline)
	}
	_, err = p.Pool()
	return p, err
}
