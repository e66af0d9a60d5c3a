package desk

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"strings"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// Owner is who a certificate was issued to. Names come from the certificate alone.
type Owner struct {
	Org    string
	USCC   string // 统一社会信用代码, 18 characters
	Person string // who handles it (经办人)
}

var (
	oidOrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97} // ETSI EN 319 412-1, 5.1.4
	oidName                   = asn1.ObjectIdentifier{2, 5, 4, 41} // X.520, 6.2.1
)

func ownerOf(cert *smx509.Certificate) Owner {
	o := Owner{Org: cert.Subject.CommonName}
	if len(cert.Subject.Organization) > 0 {
		o.Org = cert.Subject.Organization[0]
	}
	o.USCC = strings.TrimPrefix(attribute(cert.Subject, oidOrganizationIdentifier), "NTRCN-")
	o.Person = attribute(cert.Subject, oidName)
	return o
}

func attribute(name pkix.Name, oid asn1.ObjectIdentifier) string {
	for _, a := range name.Names {
		if s, ok := a.Value.(string); ok && a.Type.Equal(oid) {
			return s
		}
	}
	return ""
}

func fingerprint(cert *smx509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

func algorithmOf(cert *smx509.Certificate) string {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA"
	case *ecdsa.PublicKey:
		if key.Curve == sm2.P256() {
			return "SM2"
		}
		return "ECDSA"
	}
	return ""
}
