package pagetest

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/tsa"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/ui/desk"
)

// Stamper is the name in the certificate of Stamps.
const Stamper = "国家授时中心示范时间戳"

// Stamps starts a time-stamp service of an authority of its own, and gives settings that use it, and the PEM file of its root.
func Stamps(t *testing.T) (s desk.Settings, roots string, stop func()) {
	t.Helper()
	authority, err := ca.New(ca.ECDSA, ca.SM2)
	Must(t, err)
	config := tsa.AuthorityConfig{Policy: []int{1, 3, 6, 1, 4, 1, 32473, 1}}
	for _, alg := range []ca.Algorithm{ca.ECDSA, ca.SM2} {
		key, err := ca.GenerateKey(alg)
		Must(t, err)
		cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: Stamper}, PublicKey: key.Public(), Usage: token.UsageSign, Purpose: ca.ForTimeStamps})
		Must(t, err)
		config.Pairs = append(config.Pairs, tsa.Pair{Key: key, Chain: []*smx509.Certificate{cert}})
	}
	service, err := tsa.NewAuthority(config)
	Must(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(io.LimitReader(r.Body, tsa.MaxRequest))
		if err != nil {
			return // the asker finds no answer
		}
		answer, err := service.Stamp(r.Context(), query)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
		w.Header().Set("Content-Type", tsa.AnswerType)
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	var list []byte
	for _, c := range authority.Roots() {
		list = append(list, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	roots = filepath.Join(t.TempDir(), "tsa.pem")
	Must(t, os.WriteFile(roots, list, 0o600))
	return desk.Settings{Stamps: desk.StampsURL, StampURL: server.URL, StampRoots: string(list)}, roots, server.Close
}
