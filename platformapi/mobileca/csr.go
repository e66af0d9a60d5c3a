package mobileca

import (
	"crypto/ecdsa"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/platformapi/mobileca/store"
)

var (
	oidName       = asn1.ObjectIdentifier{2, 5, 4, 41}
	oidIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97} // organizationIdentifier, ETSI EN 319 412-1
	oidSM2WithSM3 = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 501}
)

// subjectName is whom a certification request names.
func subjectName(s store.Subject) pkix.Name {
	n := pkix.Name{Country: []string{"CN"}, Organization: []string{s.Name}, CommonName: s.Name}
	if s.USCC != "" {
		n.ExtraNames = append(n.ExtraNames, pkix.AttributeTypeAndValue{Type: oidIdentifier, Value: "NTRCN-" + s.USCC})
	}
	if s.Person != "" {
		n.ExtraNames = append(n.ExtraNames, pkix.AttributeTypeAndValue{Type: oidName, Value: s.Person})
	}
	return n
}

// requestInfo is the CertificationRequestInfo (RFC 2986, 4.1) that the two halves of a key sign.
func requestInfo(s store.Subject, public *ecdsa.PublicKey) ([]byte, error) {
	name, err := asn1.Marshal(subjectName(s).ToRDNSequence())
	if err != nil {
		return nil, err
	}
	spki, err := smx509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddBytes(name)
		b.AddBytes(spki)
		b.AddASN1(tag.Tag(0).ContextSpecific().Constructed(), func(*cryptobyte.Builder) {}) // no attributes
	})
	return b.Bytes()
}

// signedRequest is the request with its signature, which is checked: who asks has the key.
func signedRequest(info, signature []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(info)
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidSM2WithSM3) })
		b.AddASN1BitString(signature)
	})
	der, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	request, err := smx509.ParseCertificateRequest(der)
	if err != nil {
		return nil, err
	}
	if err := request.CheckSignature(); err != nil {
		return nil, errors.New("the certification request is not signed by its key")
	}
	return der, nil
}
