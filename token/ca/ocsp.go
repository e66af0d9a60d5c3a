package ca

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha1" // names keys and issuers in OCSP (RFC 6960, 4.2.1; RFC 5019, 2.1.1), proves nothing
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"hash"
	"math/big"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
)

const (
	maxOCSPRequest = 64 << 10 // bytes
	maxOCSPAsked   = 32       // certificates in one request
	maxNonce       = 32       // bytes (RFC 8954, 2.1)
	responderDays  = 30
)

// OCSPResponseStatus of RFC 6960, 4.2.1.
const (
	ocspSuccessful   = 0
	ocspMalformed    = 1
	ocspUnauthorized = 6
)

var (
	oidBasicResponse = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidNonce         = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
)

// The structures of RFC 6960, 4.1.1 and 4.2.1.
type (
	ocspRequest struct {
		TBS       ocspTBSRequest
		Signature asn1.RawValue `asn1:"optional,explicit,tag:0"`
	}
	ocspTBSRequest struct {
		Version    int           `asn1:"explicit,tag:0,default:0,optional"`
		Requestor  asn1.RawValue `asn1:"explicit,tag:1,optional"`
		List       []ocspAsked
		Extensions []pkix.Extension `asn1:"explicit,tag:2,optional"`
	}
	ocspAsked struct {
		ID         ocspCertID
		Extensions []pkix.Extension `asn1:"explicit,tag:0,optional"`
	}
	ocspCertID struct {
		Hash     pkix.AlgorithmIdentifier
		NameHash []byte
		KeyHash  []byte
		Serial   *big.Int
	}
	ocspResponse struct {
		Status asn1.Enumerated
		Bytes  ocspBytes `asn1:"explicit,tag:0,optional"`
	}
	ocspBytes struct {
		Type     asn1.ObjectIdentifier
		Response []byte
	}
	ocspBasic struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
		Certs     []asn1.RawValue `asn1:"explicit,tag:0"`
	}
	ocspData struct {
		ResponderKey []byte    `asn1:"explicit,tag:2"`
		ProducedAt   time.Time `asn1:"generalized"`
		Answers      []ocspAnswer
		Extensions   []pkix.Extension `asn1:"explicit,tag:1,optional"`
	}
	ocspAnswer struct {
		ID         ocspCertID
		Status     asn1.RawValue
		ThisUpdate time.Time `asn1:"generalized"`
		NextUpdate time.Time `asn1:"generalized,explicit,tag:0"`
	}
	ocspRevoked struct {
		At     time.Time       `asn1:"generalized"`
		Reason asn1.Enumerated `asn1:"explicit,tag:0,optional"`
	}
)

// certHashes are those that a request may name an issuer with.
var certHashes = []struct {
	oid asn1.ObjectIdentifier
	new func() hash.Hash
}{
	{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, sha1.New},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, sha256.New},
	{asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 401}, sm3.New},
}

var ocspSignatures = map[Algorithm]pkix.AlgorithmIdentifier{
	RSA:   {Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, Parameters: asn1.NullRawValue},
	ECDSA: {Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}},
	SM2:   {Algorithm: asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 501}},
}

// OCSP answers a request, both DER (RFC 6960, 4). A certificate that was never issued
// is unknown. What cannot be answered is answered with the reason.
func (a *Authority) OCSP(request []byte) ([]byte, error) {
	var req ocspRequest
	rest, err := asn1.Unmarshal(request, &req)
	if err != nil || len(rest) != 0 || len(request) > maxOCSPRequest || req.TBS.Version != 0 ||
		len(req.TBS.List) == 0 || len(req.TBS.List) > maxOCSPAsked {
		return ocspRefusal(ocspMalformed)
	}
	var echoed []pkix.Extension
	for _, x := range req.TBS.Extensions {
		if x.Id.Equal(oidNonce) {
			var nonce []byte
			if rest, err := asn1.Unmarshal(x.Value, &nonce); err != nil || len(rest) != 0 || len(nonce) == 0 || len(nonce) > maxNonce {
				return ocspRefusal(ocspMalformed)
			}
			echoed = []pkix.Extension{{Id: oidNonce, Value: x.Value}}
		}
	}
	alg := a.namedIssuer(req.TBS.List[0].ID)
	if alg == "" {
		return ocspRefusal(ocspUnauthorized)
	}
	now := time.Now().UTC().Truncate(time.Second)
	data := ocspData{ProducedAt: now, Extensions: echoed}
	for _, asked := range req.TBS.List {
		if a.namedIssuer(asked.ID) != alg {
			return ocspRefusal(ocspUnauthorized)
		}
		status, err := a.status(alg, asked.ID.Serial)
		if err != nil {
			return nil, err
		}
		data.Answers = append(data.Answers, ocspAnswer{ID: asked.ID, Status: status, ThisUpdate: now, NextUpdate: now.Add(ocspLife)})
	}
	return a.signOCSP(alg, data)
}

func ocspRefusal(status asn1.Enumerated) ([]byte, error) {
	return asn1.Marshal(struct{ Status asn1.Enumerated }{status})
}

// namedIssuer is the root that a request means, "" when it is none of this authority's.
func (a *Authority) namedIssuer(id ocspCertID) Algorithm {
	for _, h := range certHashes {
		if !h.oid.Equal(id.Hash.Algorithm) {
			continue
		}
		sum := func(data []byte) []byte {
			f := h.new()
			f.Write(data)
			return f.Sum(nil)
		}
		for alg, r := range a.roots {
			key, err := keyBits(r.cert)
			if err == nil && bytes.Equal(id.NameHash, sum(r.cert.RawSubject)) && bytes.Equal(id.KeyHash, sum(key)) {
				return alg
			}
		}
	}
	return ""
}

// keyBits are the bits of a certificate's subjectPublicKey, which OCSP hashes.
func keyBits(c *smx509.Certificate) ([]byte, error) { return spkiBits(c.RawSubjectPublicKeyInfo) }

// spkiBits are the bits of a key in a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7).
func spkiBits(der []byte) ([]byte, error) {
	var spki struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	_, err := asn1.Unmarshal(der, &spki)
	return spki.Key.Bytes, err
}

// status is CertStatus: good [0], revoked [1], unknown [2].
func (a *Authority) status(alg Algorithm, serial *big.Int) (asn1.RawValue, error) {
	r, err := a.ledger.find(alg, serial)
	switch {
	case err != nil:
		return asn1.RawValue{}, err
	case r == nil:
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 2}, nil
	case r.Revoked == nil:
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0}, nil
	}
	der, err := asn1.MarshalWithParams(ocspRevoked{*r.Revoked, asn1.Enumerated(r.Reason)}, "tag:1")
	return asn1.RawValue{FullBytes: der}, err
}

func (a *Authority) signOCSP(alg Algorithm, data ocspData) ([]byte, error) {
	responder, err := a.responderFor(alg)
	if err != nil {
		return nil, err
	}
	key, err := keyBits(responder.cert)
	if err != nil {
		return nil, err
	}
	name := sha1.Sum(key)
	data.ResponderKey = name[:]
	tbs, err := asn1.Marshal(data)
	if err != nil {
		return nil, err
	}
	signature, err := signMessage(responder.key, tbs)
	if err != nil {
		return nil, err
	}
	basic, err := asn1.Marshal(ocspBasic{
		TBS: asn1.RawValue{FullBytes: tbs}, Algorithm: ocspSignatures[alg],
		Signature: asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)},
		Certs:     []asn1.RawValue{{FullBytes: responder.cert.Raw}},
	})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(ocspResponse{ocspSuccessful, ocspBytes{oidBasicResponse, basic}})
}

func signMessage(key crypto.Signer, message []byte) ([]byte, error) {
	if key, ok := key.(*sm2.PrivateKey); ok {
		return key.Sign(rand.Reader, message, sm2.DefaultSM2SignerOpts) // hashes with Z
	}
	sum := sha256.Sum256(message)
	return key.Sign(rand.Reader, sum[:], crypto.SHA256)
}

// responderFor is the key that answers for one root. It is made when it is first
// needed and kept in memory, so that the root's own key signs no answers; its short
// life stands for asking about it.
func (a *Authority) responderFor(alg Algorithm) (root, error) {
	a.responders.Lock()
	defer a.responders.Unlock()
	now := time.Now()
	if r, ok := a.responder[alg]; ok && now.AddDate(0, 0, 1).Before(r.cert.NotAfter) {
		return r, nil
	}
	key, err := GenerateKey(alg)
	if err != nil {
		return root{}, err
	}
	cert, err := a.Issue(Request{
		Subject: Subject{Name: "SealDesk Demo OCSP " + rootNames[alg]}, PublicKey: key.Public(),
		Usage: token.UsageSign, Purpose: ForOCSPAnswers, NotAfter: now.AddDate(0, 0, responderDays),
	})
	if err != nil {
		return root{}, err
	}
	a.responder[alg] = root{cert, key}
	return a.responder[alg], nil
}
