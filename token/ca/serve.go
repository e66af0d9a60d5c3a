package ca

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
)

// The paths of a Handler.
const (
	OCSPPath = "/ocsp" // POST, or GET with the request in base64 behind it (RFC 6960, A.1)
	crlPath  = "/crl/"
)

// CRLPath is where a Handler has the revocation list of one root.
func CRLPath(alg Algorithm) string { return crlPath + string(alg) + ".crl" }

// Handler serves the authority's revocation lists and OCSP answers.
func (a *Authority) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+OCSPPath, func(w http.ResponseWriter, r *http.Request) {
		request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOCSPRequest))
		if err != nil {
			http.Error(w, "the request cannot be read", http.StatusBadRequest)
			return
		}
		a.serveOCSP(w, request)
	})
	mux.HandleFunc("GET "+crlPath+"{file}", func(w http.ResponseWriter, r *http.Request) {
		alg, _ := strings.CutSuffix(r.PathValue("file"), ".crl")
		if _, ok := a.roots[Algorithm(alg)]; !ok || CRLPath(Algorithm(alg)) != r.URL.Path {
			http.NotFound(w, r)
			return
		}
		der, err := a.CRL(Algorithm(alg))
		answer(w, "application/pkix-crl", der, err)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, asked := strings.CutPrefix(r.URL.Path, OCSPPath+"/")
		if !asked || r.Method != http.MethodGet {
			mux.ServeHTTP(w, r)
			return
		}
		// Not by the mux: it would take two slashes of base64 for one.
		request, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			http.Error(w, "the request is not base64", http.StatusBadRequest)
			return
		}
		a.serveOCSP(w, request)
	})
}

func (a *Authority) serveOCSP(w http.ResponseWriter, request []byte) {
	der, err := a.OCSP(request)
	answer(w, "application/ocsp-response", der, err)
}

func answer(w http.ResponseWriter, mediaType string, der []byte, err error) {
	if err != nil {
		http.Error(w, "the authority cannot answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(der) // the asker is gone when this fails
}
