package verify

import (
	"context"
	"hash"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/pdf"
)

// pkcs1Value is a bare RSA signature (ISO 32000-1, 12.8.3.2). The certificates
// stand in the dictionary, among the bytes that are signed.
type pkcs1Value struct {
	value *cms.PKCS1
	certs []*smx509.Certificate // the signer's first
}

const maxCerts = 32 // in a dictionary

func (s *judged) readPKCS1(v *view, raw []byte) (value, error) {
	if !s.bare {
		return nil, &broken{Finding: find("cms_malformed", "detail", "nothing says that it stands over a document")}
	}
	certs, err := v.certificates(s.dict["Cert"])
	if err != nil {
		return nil, err
	}
	der, rest := element(raw)
	if err := zeros(rest); err != nil {
		return nil, err
	}
	s.Certificate, s.Signer = certs[0], signerName(certs[0])
	value, err := cms.ParsePKCS1(der, certs[0].PublicKey)
	if err != nil {
		return nil, &broken{Finding: cmsFinding(err)}
	}
	s.Algorithm = value.Algorithm()
	return &pkcs1Value{value, certs}, nil
}

// certificates reads the entry Cert: one certificate, or the signer's and those that vouch for it.
func (v *view) certificates(o pdf.Object) ([]*smx509.Certificate, error) {
	wrong := func(detail string) error { return &broken{Finding: find("cms_malformed", "detail", detail)} }
	list, err := v.Array(o)
	if err != nil {
		list = pdf.Array{o}
	}
	if len(list) == 0 || len(list) > maxCerts {
		return nil, wrong("the dictionary has no certificate, or too many")
	}
	certs := make([]*smx509.Certificate, len(list))
	for i, o := range list {
		der, err := v.String(o)
		if err != nil {
			return nil, wrong("the dictionary's certificate is not a string")
		}
		if certs[i], err = smx509.ParseCertificate([]byte(der)); err != nil {
			return nil, wrong("the dictionary's certificate cannot be read: " + err.Error())
		}
	}
	return certs, nil
}

func (v *pkcs1Value) hash() (hash.Hash, error) { return v.value.DigestHash(), nil }

func (v *pkcs1Value) judge(_ context.Context, s *judged, digest []byte, opts Options) {
	s.add(find("profile_not_pades", "detail", "its SubFilter is "+s.SubFilter))
	s.settle(v.value, v.certs, digest, opts)
}
