package desk

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/ses"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
	"sealdesk/ui/desk/platforms"
)

// answering issues certificates that name where to ask about them.
type answering struct {
	*ca.Authority
	url string
}

func (a answering) Issue(r ca.Request) (*smx509.Certificate, error) {
	r.OCSP = a.url + ca.OCSPPath
	return a.Authority.Issue(r)
}

// services has the world's authority answer for its certificates and stamp at addresses, and gives both parties certificates
// that name them. The answer is the address of the time stamps.
func (w *world) services() string {
	w.t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	mux.Handle("/", w.ca.Handler())
	issuer := answering{w.ca, server.URL}
	stampKey, err := ca.GenerateKey(w.algorithm)
	must(w.t, err)
	cert, err := issuer.Issue(ca.Request{Subject: ca.Subject{Name: "授时中心"}, PublicKey: stampKey.Public(), Usage: token.UsageSign, Purpose: ca.ForTimeStamps})
	must(w.t, err)
	service, err := tsa.NewAuthority(tsa.AuthorityConfig{Pairs: []tsa.Pair{{Key: stampKey, Chain: []*smx509.Certificate{cert}}}, Policy: []int{1, 2, 3}})
	must(w.t, err)
	mux.HandleFunc("POST /tsa", func(out http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(io.LimitReader(r.Body, tsa.MaxRequest))
		if err != nil {
			return // the asker finds no answer
		}
		answer, err := service.Stamp(r.Context(), query)
		if err != nil {
			out.WriteHeader(http.StatusBadRequest)
		}
		out.Header().Set("Content-Type", tsa.AnswerType)
		_, _ = out.Write(answer)
	})
	w.keys = filepath.Join(w.dir, "answered-for")
	for _, s := range []ca.Subject{buyer, seller} {
		w.makeKey(soft.Options{Label: s.Name, Subject: s, Issuer: issuer})
	}
	return server.URL + "/tsa"
}

// A contract is sealed at the level of the settings, and the other side seals after it.
func TestAContractIsSealedAtTheLevelOfTheSettings(t *testing.T) {
	w := newWorld(t)
	stamps := w.services()
	d := w.desk("desk-of-" + buyer.USCC)
	must(t, d.ChangeSettings(Settings{Stamps: StampsURL, StampURL: stamps, Revocation: AskIntranet, Level: signer.LevelLTA}))
	work := w.begin(w.login(d, buyer), "lot-1")
	w.clean(work)
	w.show(work)
	result, err := work.Seal(t.Context(), w.request(work, rightPIN), nil)
	must(t, err)
	if s := result.Report.Signatures[0]; s.Level != "LTA" || s.Verdict != verify.Valid || len(result.Report.Stamps) != 1 {
		t.Errorf("level %s, %s, %d stamps over the document", s.Level, s.Verdict, len(result.Report.Stamps))
	}
	// Without an answer about a certificate nothing is signed.
	cut := w.desk("where the service is not asked")
	work = w.begin(w.login(cut, buyer), "lot-2")
	w.clean(work)
	must(t, cut.ChangeSettings(Settings{Stamps: StampsURL, StampURL: stamps, Revocation: AskPublic, Level: signer.LevelLT}))
	w.show(work)
	_, err = work.Seal(t.Context(), w.request(work, rightPIN), nil)
	w.told(err, "signer.revocation_unknown")
	if sealed := work.View(t.Context()).Filing.Sealed; sealed != nil {
		t.Errorf("sealed all the same: %+v", sealed)
	}
}

// What counts is the person's choice, then the platform's wish, then T; and nothing where there is no time stamp.
func TestTheLevelIsChosen(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		stamps     Stamps
		own        signer.Level
		platform   string
		electronic bool
		want       signer.Level
	}{
		{StampsOff, signer.LevelLTA, "LTA", false, ""},
		{StampsURL, "", "", false, signer.LevelT},
		{StampsURL, "", "LT", false, signer.LevelLT},
		{StampsURL, signer.LevelLTA, "LT", false, signer.LevelLTA},
		{StampsURL, signer.LevelT, "LTA", false, signer.LevelT},
		{StampsURL, signer.LevelLTA, "LTA", true, ""},
	} {
		d := &Desk{cfg: Config{Roots: w.ca.Roots(), Folders: Folders{Cache: t.TempDir()}}, at: &platforms.Profile{Name: "p", Address: "https://p.example", Level: tc.platform}}
		d.prefs.Settings = Settings{Stamps: tc.stamps, StampURL: "https://tsa.example/", Level: tc.own}
		var job signer.Job
		if tc.electronic {
			job.Electronic = &ses.Seal{}
		}
		d.lasting(&job)
		if job.Level != tc.want || (job.Stamps != nil) != (tc.stamps != StampsOff) || (job.Revocation != nil) != (tc.want == signer.LevelLT || tc.want == signer.LevelLTA) {
			t.Errorf("%+v: %q, stamps %v, asks %v", tc, job.Level, job.Stamps != nil, job.Revocation != nil)
		}
	}
}
