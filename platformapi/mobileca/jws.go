package mobileca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"math/big"
	"slices"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-jose/go-jose/v4"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// RequestType is the type of a JWS that carries a request.
const RequestType = "sealdesk-request+jwt"

const (
	clockSkew = time.Minute
	maxTBS    = 256 << 10
	maxCipher = 4 << 10
)

var requestAlgorithms = []jose.SignatureAlgorithm{jose.ES256}

func jwk(k *ecdsa.PublicKey) wire.JWK {
	point, err := k.Bytes() // uncompressed
	if err != nil {
		return wire.JWK{} // dpop has seen that it is on P-256
	}
	return wire.JWK{Kty: wire.JWKTypeEC, Crv: wire.JWKCurveP256, X: encode(point[1:33]), Y: encode(point[33:])}
}

// publicKey reads what jwk wrote.
func publicKey(k wire.JWK) (*ecdsa.PublicKey, error) {
	x, err := decode(k.X)
	if err != nil {
		return nil, err
	}
	y, err := decode(k.Y)
	if err != nil {
		return nil, err
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, new(big.Int).SetBytes(x).FillBytes(make([]byte, 32))...), new(big.Int).SetBytes(y).FillBytes(make([]byte, 32))...))
}

// readRequest takes a JWS apart: it must be signed by the pairing's K_d and say what the pairing says.
func (s *Server) readRequest(p store.Pairing, text string, now time.Time) (wire.RequestPayload, error) {
	var r wire.RequestPayload
	wrong := func(format string, args ...any) (wire.RequestPayload, error) {
		return r, unfit(codeRequestWrong, format, args...)
	}
	signed, err := jose.ParseSignedCompact(text, requestAlgorithms)
	if err != nil {
		return wrong("it is no compact JWS with ES256")
	}
	head := signed.Signatures[0].Protected
	if typ, _ := head.ExtraHeaders[jose.HeaderType].(string); typ != RequestType {
		return wrong("its type is not %s", RequestType)
	}
	if head.KeyID != p.JKT || head.JSONWebKey != nil || len(head.ExtraHeaders) != 1 {
		return wrong("its header names another key, or more than it should")
	}
	key, err := publicKey(p.Key)
	if err != nil {
		return r, err
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return wrong("it is not signed by the pairing's key")
	}
	var loose any
	if err := json.Unmarshal(payload, &loose); err != nil {
		return wrong("its payload is no JSON")
	}
	if err := s.payload.VisitJSON(loose, openapi3.MultiErrors()); err != nil {
		return wrong("its payload is not RequestPayload")
	}
	strict := json.NewDecoder(bytes.NewReader(payload))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&r); err != nil {
		return wrong("its payload is not RequestPayload")
	}
	certificates, most := []string{p.Certificate}, approvalTime
	if r.Kind == wire.PairDecrypt {
		certificates = p.EncryptionCertificates
	}
	if r.Kind == wire.PairLogin {
		most = loginTime
	}
	issued, expires := time.Unix(r.Iat, 0), time.Unix(r.Exp, 0)
	switch {
	case r.Pairing != p.ID || r.Kind != p.Kind:
		return wrong("it is for another pairing or of another kind")
	case !slices.Contains(certificates, r.Certificate):
		return wrong("it names another certificate than the phone chose")
	case r.Platform != p.Platform || r.Desktop != p.Desktop:
		return wrong("it names another platform or desktop than the pairing")
	case now.Sub(issued).Abs() > clockSkew:
		return wrong("its time is %v from the service's; set it by the Date header", now.Sub(issued).Round(time.Second))
	case !expires.After(now) || expires.Sub(issued) > most:
		return wrong("it has expired, or holds for more than %v", most)
	}
	return r, CheckForm(r)
}

// CheckForm says whether what is signed is of a form in which the phone can show it, and of the document that is named.
func CheckForm(r wire.RequestPayload) error {
	tbs, err := decode(r.Tbs)
	if err != nil || len(tbs) > maxTBS {
		return unfit(codeRequestWrong, "tbs is no base64url, or has more than %d bytes", maxTBS)
	}
	cipher, err := decode(r.Cipher)
	if err != nil || len(cipher) > maxCipher {
		return unfit(codeRequestWrong, "cipher is no base64url, or has more than %d bytes", maxCipher)
	}
	switch {
	case r.Kind == wire.PairDecrypt && (len(cipher) == 0 || len(tbs) > 0 || r.Form != ""):
		return unfit(codeRequestWrong, "a decryption has a cipher and nothing to be signed")
	case r.Kind == wire.PairDecrypt:
		return nil
	case len(cipher) > 0 || len(tbs) == 0:
		return unfit(codeRequestWrong, "a signature has something to be signed, and no cipher")
	case r.Kind == wire.PairLogin || r.Kind == wire.PairBind:
		if r.Form != wire.FormText {
			return unfit(codeRequestWrong, "a %s is a text", r.Kind)
		}
		return nil
	}
	if r.Document == nil {
		return unfit(codeRequestWrong, "there is no document")
	}
	digest, err := documentDigest(r.Form, tbs)
	if err != nil {
		return unfit(codeRequestWrong, "what is to be signed is not of the form %s: %v", r.Form, err)
	}
	if encode(digest) != r.Document.Digest {
		return unfit(codeRequestWrong, "what is to be signed is of another document than is shown")
	}
	return nil
}
