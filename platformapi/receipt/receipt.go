package receipt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
)

const (
	kind      = "sealdesk-receipt+jws" // typ
	maxSigned = 32 << 10               // bytes
	maxChain  = 6
	half      = 32 // bytes of r and of s
)

var (
	// ErrUnsigned: the receipt carries no signature.
	ErrUnsigned = errors.New("receipt: it is not signed")
	// ErrBroken: the signature does not hold, or is not about this receipt.
	ErrBroken = errors.New("receipt: its signature does not hold")
	// ErrUntrusted: the signature holds, and its certificate leads to no root that is trusted, or is not the platform's.
	ErrUntrusted = errors.New("receipt: its signer is not trusted")
)

// Signer signs receipts for a platform.
type Signer struct {
	Key   crypto.Signer
	Chain []*smx509.Certificate // the key's, which names the platform's host, and its issuers
}

// Statement is what is signed.
type Statement struct {
	Platform   string                  `json:"platform"` // its address, "https://host[:port]"
	USCC       string                  `json:"uscc"`     // of the organisation that it was given to
	Number     string                  `json:"number"`
	Kind       platformapi.ReceiptKind `json:"kind"`
	ContractID string                  `json:"contract_id"`
	Version    int64                   `json:"version"`
	SHA256     string                  `json:"sha256,omitempty"`
	At         time.Time               `json:"at"`
	AuditSeq   int64                   `json:"audit_seq,omitempty"`  // the row of the platform's audit trail
	AuditHash  string                  `json:"audit_hash,omitempty"` // and its hash
}

// State is what a platform says by giving a receipt to an organisation.
func State(platform, uscc string, r platformapi.Receipt) Statement {
	return Statement{
		Platform: platform, USCC: uscc, Number: r.Number, Kind: r.Kind, ContractID: r.ContractID, Version: r.Version, SHA256: r.SHA256,
		At: r.At.UTC(), AuditSeq: r.AuditSeq, AuditHash: r.AuditHash,
	}
}

type head struct {
	Alg string   `json:"alg"`
	Typ string   `json:"typ"`
	X5C [][]byte `json:"x5c"` // base64 of DER, as RFC 7515, 4.1.6 has it
}

// Sign signs a statement.
func (s *Signer) Sign(what Statement) (string, error) { return s.seal(what) }

// seal makes a compact JWS of a statement.
func (s *Signer) seal(what any) (string, error) {
	if len(s.Chain) == 0 {
		return "", errors.New("receipt: there is no certificate")
	}
	h := head{Typ: kind}
	for _, c := range s.Chain {
		h.X5C = append(h.X5C, c.Raw)
	}
	var err error
	if h.Alg, err = algorithm(s.Chain[0].PublicKey); err != nil {
		return "", err
	}
	header, err := json.Marshal(h)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(what)
	if err != nil {
		return "", err
	}
	input := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := sign(s.Key, s.Chain[0].PublicKey, []byte(input))
	if err != nil {
		return "", fmt.Errorf("receipt: %w", err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// Verify tells whether a receipt's signature is about this receipt, given to this organisation, and was made by the platform
// that it names, whose certificate leads to one of the roots and was valid at the time. It says what was signed, and with which
// certificate, also together with ErrUntrusted.
func Verify(r platformapi.Receipt, uscc string, roots *smx509.CertPool) (Statement, *smx509.Certificate, error) {
	var said Statement
	p, err := open(r.Signature, &said)
	if err != nil {
		return said, p.cert, err
	}
	if said != State(said.Platform, uscc, r) {
		return said, p.cert, fmt.Errorf("%w: it is another receipt's", ErrBroken)
	}
	return said, p.cert, p.trust(said.Platform, said.At, roots)
}

// proof is the certificate that a signature holds by, and those of its issuers that came along.
type proof struct {
	cert    *smx509.Certificate
	between *smx509.CertPool
}

// open reads the statement of a signature that holds.
func open(signature string, said any) (proof, error) {
	var p proof
	if signature == "" {
		return p, ErrUnsigned
	}
	parts := strings.Split(signature, ".")
	if len(parts) != 3 || len(signature) > maxSigned {
		return p, fmt.Errorf("%w: it is not of the form of one", ErrBroken)
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return p, fmt.Errorf("%w: %w", ErrBroken, err)
		}
	}
	var h head
	if err := errors.Join(json.Unmarshal(raw[0], &h), json.Unmarshal(raw[1], said)); err != nil {
		return p, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if h.Typ != kind || len(h.X5C) == 0 || len(h.X5C) > maxChain {
		return p, fmt.Errorf("%w: it is not a receipt's", ErrBroken)
	}
	p.between = smx509.NewCertPool()
	for i, der := range h.X5C {
		c, err := smx509.ParseCertificate(der)
		if err != nil {
			return p, fmt.Errorf("%w: %w", ErrBroken, err)
		}
		if i == 0 {
			p.cert = c
		} else {
			p.between.AddCert(c)
		}
	}
	alg, err := algorithm(p.cert.PublicKey)
	if err != nil || alg != h.Alg || !holds(p.cert.PublicKey, []byte(parts[0]+"."+parts[1]), raw[2]) {
		return p, ErrBroken
	}
	return p, nil
}

// trust tells whether the certificate is the platform's, and leads to one of the roots.
func (p proof) trust(platform string, at time.Time, roots *smx509.CertPool) error {
	place, err := url.Parse(platform)
	if err != nil || place.Hostname() == "" {
		return fmt.Errorf("%w: it names no platform", ErrBroken)
	}
	if err := p.cert.VerifyHostname(place.Hostname()); err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	if p.cert.KeyUsage&smx509.KeyUsageDigitalSignature == 0 {
		return fmt.Errorf("%w: the certificate is not for signing", ErrUntrusted)
	}
	if _, err := p.cert.Verify(smx509.VerifyOptions{
		Roots: roots, Intermediates: p.between, CurrentTime: at, KeyUsages: []smx509.ExtKeyUsage{smx509.ExtKeyUsageAny},
	}); err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	return nil
}

func algorithm(public any) (string, error) {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() >= 2048 && key.N.BitLen() <= 8192 {
			return "RS256", nil
		}
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return "ES256", nil
		case sm2.P256():
			return "SM2", nil
		}
	}
	return "", errors.New("receipt: a key of this kind signs no receipts")
}

func sign(key crypto.Signer, public any, input []byte) ([]byte, error) {
	sum := sha256.Sum256(input)
	ec, ok := public.(*ecdsa.PublicKey)
	if !ok {
		return key.Sign(rand.Reader, sum[:], crypto.SHA256)
	}
	der, err := []byte(nil), error(nil)
	if ec.Curve == sm2.P256() {
		e, hashErr := sm2.CalculateSM2Hash(ec, input, nil)
		if hashErr != nil {
			return nil, hashErr
		}
		der, err = key.Sign(rand.Reader, e, crypto.Hash(0))
	} else {
		der, err = key.Sign(rand.Reader, sum[:], crypto.SHA256)
	}
	if err != nil {
		return nil, err
	}
	var pair struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &pair); err != nil || len(rest) > 0 || pair.R.BitLen() > 8*half || pair.S.BitLen() > 8*half {
		return nil, errors.New("the key gave no signature")
	}
	out := make([]byte, 2*half) // RFC 7518, 3.4
	pair.R.FillBytes(out[:half])
	pair.S.FillBytes(out[half:])
	return out, nil
}

func holds(public any, input, signature []byte) bool {
	sum := sha256.Sum256(input)
	switch key := public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	case *ecdsa.PublicKey:
		if len(signature) != 2*half {
			return false
		}
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])})
		if err != nil {
			return false
		}
		if key.Curve == sm2.P256() {
			return sm2.VerifyASN1WithSM2(key, nil, input, der)
		}
		return ecdsa.VerifyASN1(key, sum[:], der)
	}
	return false
}
