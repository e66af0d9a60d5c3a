package platform

import (
	"context"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web"
)

// Stamper makes time stamps. The platform declares what it must be able to do and is handed the authority.
type Stamper interface {
	// Stamp answers a TimeStampReq with a TimeStampResp, both DER (RFC 3161, 2.4). What cannot be granted is an answer
	// too; an error means that there is none.
	Stamp(ctx context.Context, request []byte) ([]byte, error)
}

const (
	stampRequestType = "application/timestamp-query" // RFC 3161, 3.4
	stampAnswerType  = "application/timestamp-reply"
	maxStampRequest  = 8 << 10 // bytes
)

// stamp is open to everybody, as time stamps are asked for before and without a session: it only counts who asks.
func (s *Server) stamp(w http.ResponseWriter, r *http.Request) {
	if ok, wait := s.stamps.Allow(web.Caller(r, s.cfg.Proxies), s.cfg.Now()); !ok {
		web.WriteError(w, r, s.cfg.Log, tooMany(wait))
		return
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != stampRequestType {
		web.WriteError(w, r, s.cfg.Log, web.Refuse(http.StatusUnsupportedMediaType, platformapi.CodeMediaType, "the request is not %s", stampRequestType))
		return
	}
	request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxStampRequest))
	if err != nil {
		web.WriteError(w, r, s.cfg.Log, err)
		return
	}
	answer, err := s.cfg.Stamper.Stamp(r.Context(), request)
	if err != nil {
		web.WriteError(w, r, s.cfg.Log, err)
		return
	}
	w.Header().Set("Content-Type", stampAnswerType)
	_, _ = w.Write(answer) // the asker is gone when this fails
}

var (
	oidSHA256     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
)

// A time-stamp request over a SHA-256 digest (RFC 3161, 2.4.1), and its answer.
type (
	stampRequest struct {
		Version int
		Imprint struct {
			Algorithm pkix.AlgorithmIdentifier
			Digest    []byte
		}
		Nonce   *big.Int
		CertReq bool
	}
	stampAnswer struct {
		Status struct {
			Status  int
			Text    asn1.RawValue  `asn1:"optional,tag:16"`
			Failure asn1.BitString `asn1:"optional"`
		}
		Token asn1.RawValue `asn1:"optional"`
	}
)

// stampOf is a time-stamp token over a digest.
func stampOf(ctx context.Context, s Stamper, digest []byte) ([]byte, error) {
	request := stampRequest{Version: 1, CertReq: true}
	request.Imprint.Algorithm = pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}
	request.Imprint.Digest = digest
	var err error
	if request.Nonce, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64)); err != nil {
		return nil, err
	}
	der, err := asn1.Marshal(request)
	if err != nil {
		return nil, err
	}
	reply, err := s.Stamp(ctx, der)
	if err != nil {
		return nil, err
	}
	var answer stampAnswer
	if rest, err := asn1.Unmarshal(reply, &answer); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("time stamp: the answer cannot be read: %w", err)
	}
	if answer.Status.Status > 1 || len(answer.Token.FullBytes) == 0 {
		return nil, fmt.Errorf("time stamp: refused with status %d", answer.Status.Status)
	}
	var info struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(answer.Token.FullBytes, &info); err != nil || !info.Type.Equal(oidSignedData) {
		return nil, errors.New("time stamp: the answer is no token")
	}
	return answer.Token.FullBytes, nil
}
