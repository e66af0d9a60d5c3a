package platform_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platform/store/sqlite"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/web/jobs"
)

// byHand keeps the jobs, to be done when a test wants.
type byHand map[string]jobs.Job

func (h byHand) Start(_ context.Context, all []jobs.Job) (func(context.Context) error, error) {
	for _, j := range all {
		h[j.Name] = j
	}
	return func(context.Context) error { return nil }, nil
}

type headSigner struct {
	signed []string
	err    error
}

func (s *headSigner) SignHead(_ context.Context, statement []byte) ([]byte, error) {
	s.signed = append(s.signed, string(statement))
	return []byte("signature"), s.err
}

func TestJobs(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	st, err := sqlite.Open(t.Context(), t.TempDir()+"/platform.db")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	work, key := byHand{}, &headSigner{}
	p, err := platform.New(t.Context(), platform.Config{Dir: t.TempDir(), Store: st, Judge: noJudge{}, Roots: smx509.NewCertPool(), Origins: []string{"http://localhost"},
		Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&log, nil)), Runner: work, Signer: key})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	do := func(name string) error { return work[name].Do(t.Context()) }

	if err := do("sign-head"); err != nil || len(key.signed) != 0 {
		t.Errorf("an empty trail was signed: %q, %v", key.signed, err)
	}
	if err := p.Import(t.Context(), platformtest.Seed(now)); err != nil {
		t.Fatal(err)
	}
	key.err = errors.New("the key is away")
	if err := do("sign-head"); !errors.Is(err, key.err) {
		t.Error(err)
	}
	key.err, key.signed = nil, nil
	for _, x := range []struct {
		after time.Duration
		add   bool
		want  int
	}{{0, false, 1}, {time.Hour, true, 1}, {10 * time.Hour, false, 2}, {30 * time.Hour, false, 2}, {0, true, 3}} { // the day ends at 16:00 UTC
		now = now.Add(x.after)
		if x.add {
			if err := p.Import(t.Context(), platform.Seed{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := do("sign-head"); err != nil || len(key.signed) != x.want {
			t.Errorf("%v later, more %v: %d signed, %v", x.after, x.add, len(key.signed), err)
		}
	}
	heads, err := st.SignedHeads(t.Context())
	if err != nil || len(heads) != 3 || string(heads[2].Statement(platform.DefaultID)) != key.signed[2] || !strings.HasPrefix(key.signed[2], "SealDesk audit head v1\nsealdesk-platform\n3\n") {
		t.Errorf("%+v, %v, %q", heads, err, key.signed)
	}

	now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).AddDate(0, 0, 40) // the contracts should have been signed
	if err := do("deadlines"); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), `msg="a deadline" kind=sign state=over`); n != 2 { // the third was not awarded, the fourth is secret
		t.Errorf("%d warnings: %s", n, log.String())
	}
	w := httptest.NewRecorder()
	p.Admin().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	metrics, err := io.ReadAll(w.Body)
	for _, want := range []string{`sealdesk_deadlines{kind="sign",state="over"} 2`, `sealdesk_deadlines{kind="file",state="over"} 0`,
		`sealdesk_jobs_total{job="sign-head",result="failed"} 1`, `sealdesk_jobs_total{job="deadlines",result="ok"} 1`} {
		if err != nil || !strings.Contains(string(metrics), want) {
			t.Errorf("metrics without %s, %v", want, err)
		}
	}
	for _, name := range []string{"expire", "sweep"} {
		if err := do(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
