package platform

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
)

const (
	maxCertificate = 8 << 10 // bytes of DER
	minRSABits     = 2048
	maxRSABits     = 8192
)

var (
	oidOrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}
	oidName                   = asn1.ObjectIdentifier{2, 5, 4, 41}
	usccForm                  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Z]{18}$`) })
)

// certificate checks a chain: trusted, valid now, for signing, and of an organisation the platform knows by this very name.
func (s *Server) certificate(ctx context.Context, chain [][]byte, now time.Time) (*smx509.Certificate, platformapi.Organisation, error) {
	var org platformapi.Organisation
	var cert *smx509.Certificate
	between := smx509.NewCertPool()
	for i, der := range chain {
		if len(der) > maxCertificate {
			return nil, org, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "certificate %d is too long", i)
		}
		c, err := smx509.ParseCertificate(der)
		if err != nil {
			return nil, org, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "certificate %d cannot be read", i)
		}
		if i == 0 {
			cert = c
		} else {
			between.AddCert(c)
		}
	}
	if cert == nil {
		return nil, org, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "there is no certificate")
	}
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return nil, org, forbid(platformapi.CodeCertExpired, "the certificate is not valid at this time")
	}
	if cert.KeyUsage&smx509.KeyUsageDigitalSignature == 0 || cert.IsCA {
		return nil, org, forbid(platformapi.CodeCertUsage, "the certificate is not for signing")
	}
	if _, err := cert.Verify(smx509.VerifyOptions{
		Roots: s.cfg.Roots, Intermediates: between, CurrentTime: now, KeyUsages: []smx509.ExtKeyUsage{smx509.ExtKeyUsageAny},
	}); err != nil {
		return nil, org, forbid(platformapi.CodeCertUntrusted, "the certificate leads to no root this platform trusts")
	}
	uscc := OrganisationCode(cert)
	if uscc == "" {
		return nil, org, forbid(platformapi.CodeCertNoOrg, "the certificate names no organisation by its code")
	}
	org, err := s.store.Organisation(ctx, uscc)
	if errors.Is(err, store.ErrNotFound) {
		return nil, org, forbid(platformapi.CodeOrgUnknown, "the organisation is not registered here")
	}
	if err != nil {
		return nil, org, err
	}
	if name := orgIn(cert); platformapi.PlainName(name) != platformapi.PlainName(org.Name) {
		return nil, org, forbid(platformapi.CodeOrgNameMismatch, "the certificate and the platform name the organisation differently")
	}
	return cert, org, nil
}

// OrganisationCode is the 统一社会信用代码 in a certificate's organizationIdentifier (2.5.4.97, "NTRCN-" and 18 characters, as
// ETSI EN 319 412-1, 5.1.4 forms it), "" when there is none. Logins and seals are told by it whose they are.
func OrganisationCode(cert *smx509.Certificate) string {
	for _, a := range cert.Subject.Names {
		if v, ok := a.Value.(string); ok && a.Type.Equal(oidOrganizationIdentifier) {
			if code, ok := strings.CutPrefix(v, "NTRCN-"); ok && usccForm().MatchString(code) {
				return code
			}
		}
	}
	return ""
}

func personIn(cert *smx509.Certificate) string {
	for _, a := range cert.Subject.Names {
		if v, ok := a.Value.(string); ok && v != "" && a.Type.Equal(oidName) {
			return v
		}
	}
	return cert.Subject.CommonName
}

func orgIn(cert *smx509.Certificate) string {
	if len(cert.Subject.Organization) > 0 {
		return cert.Subject.Organization[0]
	}
	return cert.Subject.CommonName
}

// verifyRaw checks a raw signature over a message with the algorithm that belongs to the key.
func verifyRaw(key any, message, sig []byte) bool {
	digest := sha256.Sum256(message)
	switch key := key.(type) {
	case *rsa.PublicKey:
		bits := key.N.BitLen()
		return bits >= minRSABits && bits <= maxRSABits && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], sig) == nil
	case *ecdsa.PublicKey:
		if key.Curve == sm2.P256() {
			return sm2.VerifyASN1WithSM2(key, nil, message, sig)
		}
		return ecdsa.VerifyASN1(key, digest[:], sig)
	}
	return false
}
