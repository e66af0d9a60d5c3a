package platform

import (
	"context"
	"io"
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
