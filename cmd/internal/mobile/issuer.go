package mobile

import (
	"context"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/token"
	"sealdesk/token/ca"
)

// Issuer certifies with an authority of token/ca.
type Issuer struct {
	Authority *ca.Authority
	OCSP, CRL string // where it can be asked about its certificates; may be empty
}

var _ mobileca.Issuer = Issuer{}

// Issue certifies a key.
func (i Issuer) Issue(_ context.Context, r mobileca.Certified) ([][]byte, error) {
	usage := token.UsageSign
	if r.Use == wire.UseEncrypt {
		usage = token.UsageEncrypt
	}
	cert, err := i.Authority.Issue(ca.Request{
		Subject:   ca.Subject{Name: r.Subject.Name, USCC: r.Subject.USCC, Handler: r.Subject.Person},
		PublicKey: r.Public, Usage: usage, OCSP: i.OCSP, CRL: i.CRL, NotBefore: r.NotBefore.Truncate(time.Second), NotAfter: r.NotAfter.Truncate(time.Second),
	})
	if err != nil {
		return nil, err
	}
	return [][]byte{cert.Raw}, nil
}

var reasons = map[wire.RevocationRequestReason]ca.Reason{
	wire.RevokeKeyLost: ca.KeyCompromise, wire.RevokeLeft: ca.AffiliationChanged, wire.RevokeSuperseded: ca.Superseded, wire.RevokeCeased: ca.CessationOfOperation,
}

// Revoke revokes a certificate.
func (i Issuer) Revoke(_ context.Context, der []byte, reason wire.RevocationRequestReason, at time.Time) error {
	cert, err := smx509.ParseCertificate(der)
	if err != nil {
		return err
	}
	return i.Authority.Revoke(cert, reasons[reason], at)
}

// Roots is the root under which it certifies.
func (i Issuer) Roots() [][]byte {
	root := i.Authority.Root(ca.SM2)
	if root == nil {
		return nil
	}
	return [][]byte{root.Raw}
}
