package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"net"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/foreign"
)

// Algorithm is a kind of key, with the hash that goes with it.
type Algorithm string

const (
	RSA   Algorithm = "rsa"   // 3072 bits, SHA-256
	ECDSA Algorithm = "ecdsa" // P-256, SHA-256
	SM2   Algorithm = "sm2"   // SM3
)

// Algorithms lists what the authority has roots for.
func Algorithms() []Algorithm { return []Algorithm{RSA, ECDSA, SM2} }

const rsaBits = 3072

var (
	// ErrExists: the folder already holds an authority.
	ErrExists = token.NewError("token.ca_exists", "the folder already holds a certificate authority")
	// ErrNotFound: the folder holds none.
	ErrNotFound = token.NewError("token.ca_not_found", "the folder holds no certificate authority")
	// ErrDamaged: the authority's file cannot be read as one.
	ErrDamaged = token.NewError("token.ca_damaged", "the certificate authority's file is damaged")
	// ErrAlgorithm: not one of Algorithms, or the authority has no root for it.
	ErrAlgorithm = token.NewError("token.ca_algorithm_unknown", "the certificate authority has no root for this kind of key")
	// ErrSubject: a name or a credit code that a certificate cannot hold.
	ErrSubject = token.NewError("token.ca_subject_invalid", "the subject of the certificate is not valid")
)

// GenerateKey makes a private key: *rsa.PrivateKey, *ecdsa.PrivateKey or
// *sm2.PrivateKey.
func GenerateKey(a Algorithm) (crypto.Signer, error) {
	switch a {
	case RSA:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case SM2:
		return sm2.GenerateKey(rand.Reader)
	}
	return nil, ErrAlgorithm
}

// AlgorithmOf tells what kind of key this is.
func AlgorithmOf(pub crypto.PublicKey) (Algorithm, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return RSA, nil
	case *ecdsa.PublicKey:
		if sm2.IsSM2PublicKey(k) {
			return SM2, nil
		}
		return ECDSA, nil
	}
	return "", ErrAlgorithm
}

// Subject is who a certificate speaks for.
type Subject struct {
	Name    string // of the organisation: becomes CN and O
	USCC    string // unified social credit code, 18 characters; may be empty
	Handler string // the person who handles the key; may be empty
}

var (
	oidName                   = asn1.ObjectIdentifier{2, 5, 4, 41}
	oidOrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}

	// The alphabet of GB 32100-2015, without I, O, S, V and Z.
	uscc = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-HJ-NP-RTUWXY]{18}$`) })
)

// maxName is ub-common-name and ub-organization-name of RFC 5280, appendix A.1.
const maxName = 64

func (s Subject) rdn() (pkix.Name, error) {
	for _, v := range []string{s.Name, s.Handler} {
		if utf8.RuneCountInString(v) > maxName || !foreign.IsLine(v) {
			return pkix.Name{}, fmt.Errorf("a name is too long or cannot be shown: %w", ErrSubject)
		}
	}
	if s.Name == "" {
		return pkix.Name{}, fmt.Errorf("no name: %w", ErrSubject)
	}
	n := pkix.Name{Country: []string{"CN"}, Organization: []string{s.Name}, CommonName: s.Name}
	if s.USCC != "" {
		if !uscc().MatchString(s.USCC) {
			return pkix.Name{}, fmt.Errorf("the credit code is not 18 characters of GB 32100: %w", ErrSubject)
		}
		// ETSI EN 319 412-1, 5.1.4: national trade register, country, code.
		n.ExtraNames = append(n.ExtraNames, pkix.AttributeTypeAndValue{Type: oidOrganizationIdentifier, Value: "NTRCN-" + s.USCC})
	}
	if s.Handler != "" {
		n.ExtraNames = append(n.ExtraNames, pkix.AttributeTypeAndValue{Type: oidName, Value: s.Handler})
	}
	return n, nil
}

// SubjectOf reads back what a certificate says of its subject. What the
// certificate does not tell is empty.
func SubjectOf(cert *smx509.Certificate) Subject {
	s := Subject{Name: cert.Subject.CommonName}
	for _, a := range cert.Subject.Names {
		v, _ := a.Value.(string)
		switch {
		case a.Type.Equal(oidOrganizationIdentifier):
			s.USCC = strings.TrimPrefix(v, "NTRCN-")
		case a.Type.Equal(oidName):
			s.Handler = v
		}
	}
	return s
}

// Purpose narrows what a signing certificate is for. The zero value leaves it open,
// as certificates for documents have it.
type Purpose int

const (
	ForDocuments   Purpose = iota
	ForTimeStamps          // RFC 3161, 2.3: critical and alone
	ForOCSPAnswers         // RFC 6960, 4.2.2.2, and not to be asked about itself (4.2.2.2.1)
	ForServers             // of TLS (RFC 5280, 4.2.1.12): some clients take no other
)

// Request asks for one certificate. Usage says what the key is for; KeyUsage,
// when not zero, overrides the extension, and the times may lie anywhere, so
// that tests can have certificates that are expired, not yet valid or meant for
// something else.
type Request struct {
	Subject   Subject
	PublicKey crypto.PublicKey
	Usage     token.Usage
	Purpose   Purpose

	// OCSP and CRL say where to ask whether the certificate was revoked: the
	// addresses of a Handler's. They may be empty.
	OCSP, CRL string

	Hosts []string // names and addresses of the servers that the certificate is for

	NotBefore time.Time       // zero: now, less five minutes for clocks that differ
	NotAfter  time.Time       // zero: two years after NotBefore
	KeyUsage  smx509.KeyUsage // zero: by Usage and key
}

const (
	skew      = 5 * time.Minute
	leafYears = 2
	// Roots begin in the past, so that a certificate made expired for a test
	// was once valid under its root.
	rootYearsBack    = 5
	rootYearsForward = 20
)

// Authority issues certificates, revokes them, and answers for both. It may be
// used from several goroutines.
type Authority struct {
	roots  map[Algorithm]root
	ledger *ledger

	responders sync.Mutex
	responder  map[Algorithm]root
}

func newAuthority() *Authority {
	return &Authority{roots: map[Algorithm]root{}, ledger: newLedger(""), responder: map[Algorithm]root{}}
}

type root struct {
	cert *smx509.Certificate
	key  crypto.Signer
}

// New makes an authority in memory with a root for each of the algorithms, or
// for all of them when none is named.
func New(algorithms ...Algorithm) (*Authority, error) {
	if len(algorithms) == 0 {
		algorithms = Algorithms()
	}
	a := newAuthority()
	for _, alg := range algorithms {
		r, err := newRoot(alg)
		if err != nil {
			return nil, err
		}
		a.roots[alg] = r
	}
	return a, nil
}

var rootNames = map[Algorithm]string{RSA: "RSA", ECDSA: "ECDSA", SM2: "SM2"}

func newRoot(alg Algorithm) (root, error) {
	key, err := GenerateKey(alg)
	if err != nil {
		return root{}, err
	}
	serial, err := newSerial()
	if err != nil {
		return root{}, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	template := &smx509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Country: []string{"CN"}, Organization: []string{"SealDesk Demo"}, CommonName: "SealDesk Demo Root CA " + rootNames[alg]},
		NotBefore:             now.AddDate(-rootYearsBack, 0, 0),
		NotAfter:              now.AddDate(rootYearsForward, 0, 0),
		KeyUsage:              smx509.KeyUsageCertSign | smx509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	if template.SubjectKeyId, err = keyID(key.Public()); err != nil {
		return root{}, err
	}
	template.AuthorityKeyId = template.SubjectKeyId
	cert, err := create(template, template, key.Public(), key)
	return root{cert, key}, err
}

func create(template, parent *smx509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*smx509.Certificate, error) {
	der, err := smx509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return smx509.ParseCertificate(der)
}

// newSerial returns 128 random bits, not zero (RFC 5280, 4.1.2.2).
func newSerial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err == nil && n.Sign() == 0 {
		err = errors.New("the random source returned zeros")
	}
	return n, err
}

// keyID is the leftmost 160 bits of the SHA-256 of the public key's bits
// (RFC 7093, section 2, method 1).
func keyID(pub crypto.PublicKey) ([]byte, error) {
	der, err := smx509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	bits, err := spkiBits(der)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(bits)
	return sum[:20], nil
}

// Issue makes one certificate, under the root of the public key's own kind.
func (a *Authority) Issue(req Request) (*smx509.Certificate, error) {
	alg, err := AlgorithmOf(req.PublicKey)
	if err != nil {
		return nil, err
	}
	r, ok := a.roots[alg]
	if !ok {
		return nil, ErrAlgorithm
	}
	subject, err := req.Subject.rdn()
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &smx509.Certificate{
		SerialNumber:          serial,
		Subject:               subject,
		NotBefore:             req.NotBefore,
		NotAfter:              req.NotAfter,
		KeyUsage:              req.KeyUsage,
		BasicConstraintsValid: true,
	}
	if template.NotBefore.IsZero() {
		template.NotBefore = time.Now().Add(-skew).Truncate(time.Second)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = template.NotBefore.AddDate(leafYears, 0, 0)
	}
	if template.KeyUsage == 0 {
		template.KeyUsage = keyUsage(alg, req.Usage)
	}
	template.ExtraExtensions = purposes[req.Purpose]
	for _, host := range req.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	if req.OCSP != "" {
		template.OCSPServer = []string{req.OCSP}
	}
	if req.CRL != "" {
		template.CRLDistributionPoints = []string{req.CRL}
	}
	if template.SubjectKeyId, err = keyID(req.PublicKey); err != nil {
		return nil, err
	}
	cert, err := create(template, r.cert, req.PublicKey, r.key)
	if err != nil {
		return nil, err
	}
	return cert, a.ledger.add(record{Issuer: alg, Serial: cert.SerialNumber.Text(16)})
}

// purposes are the extensions of each, in DER.
var purposes = map[Purpose][]pkix.Extension{
	ForTimeStamps: {{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: []byte{0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8}}},
	ForOCSPAnswers: {
		{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: []byte{0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 9}},
		{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Value: []byte{5, 0}},
	},
	ForServers: {{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: []byte{0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1}}},
}

// keyUsage asks of each key only what its algorithm can do (RFC 4055, 1.2;
// RFC 5480, 3; GB/T 20518 for SM2, which encrypts as well as it agrees on keys).
func keyUsage(alg Algorithm, u token.Usage) smx509.KeyUsage {
	var ku smx509.KeyUsage
	if u&token.UsageSign != 0 {
		ku |= smx509.KeyUsageDigitalSignature | smx509.KeyUsageContentCommitment
	}
	if u&token.UsageEncrypt != 0 {
		switch alg {
		case RSA:
			ku |= smx509.KeyUsageKeyEncipherment | smx509.KeyUsageDataEncipherment
		case ECDSA:
			ku |= smx509.KeyUsageKeyAgreement
		case SM2:
			ku |= smx509.KeyUsageKeyEncipherment | smx509.KeyUsageDataEncipherment | smx509.KeyUsageKeyAgreement
		}
	}
	return ku
}

// IssuePair makes the two certificates of one organisation, with the same
// validity. The keys are of one kind.
func (a *Authority) IssuePair(s Subject, sign, encrypt crypto.PublicKey) (signing, encryption *smx509.Certificate, err error) {
	if signing, err = a.Issue(Request{Subject: s, PublicKey: sign, Usage: token.UsageSign}); err != nil {
		return nil, nil, err
	}
	encryption, err = a.Issue(Request{
		Subject: s, PublicKey: encrypt, Usage: token.UsageEncrypt,
		NotBefore: signing.NotBefore, NotAfter: signing.NotAfter,
	})
	return signing, encryption, err
}

// Roots returns the root certificates, in the order of Algorithms.
func (a *Authority) Roots() []*smx509.Certificate {
	var certs []*smx509.Certificate
	for _, alg := range Algorithms() {
		if r, ok := a.roots[alg]; ok {
			certs = append(certs, r.cert)
		}
	}
	return certs
}

// Root returns the root for one algorithm, or nil.
func (a *Authority) Root(alg Algorithm) *smx509.Certificate { return a.roots[alg].cert }
