package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/sqldb/pgtest"
	"sealdesk/signer/pdf/pdftest"
)

const (
	clients   = 200
	perClient = 4 // contracts that each files, one after the other
)

// BenchmarkFiling has 200 clients at once file contracts (begin, fill in, attach the sealed file, submit) against platformd,
// alone with SQLite and as one or two servers with PostgreSQL (fsync on), with few or a million contracts there already; with
// -short there are no million. Clients and servers share this machine.
func BenchmarkFiling(b *testing.B) {
	sizes := []int{0, 10_000, 1_000_000}
	if testing.Short() {
		sizes = sizes[:2]
	}
	for _, stored := range sizes {
		b.Run(fmt.Sprintf("SQLite/stored=%d", stored), func(b *testing.B) {
			measure(b, func(r *realm) []*server {
				data := filepath.Join(r.dir, "data")
				args := []string{"--data", data, "--roots", r.rootsFile, "--seed", r.seedFile, "--proxies", "127.0.0.0/8"}
				s := startServer(b, freeAddress(b), args...)
				if code, err := s.stop(); code != 0 || err != nil {
					b.Fatalf("%d, %v", code, err)
				}
				fill(b, "sqlite", web.SQLiteName(filepath.Join(data, "platform.db"), "_txlock=immediate", "journal_mode(WAL)"), stored)
				return []*server{startServer(b, freeAddress(b), args...)}
			})
		})
	}
	for _, stored := range sizes {
		var url string
		for n := 1; n <= 2; n++ {
			b.Run(fmt.Sprintf("PostgreSQL/servers=%d/stored=%d", n, stored), func(b *testing.B) {
				measure(b, func(r *realm) []*server {
					pg := pgtest.Durable(b)
					first := url == ""
					if first {
						url = pg.Database(b)
					}
					addresses := []string{freeAddress(b), freeAddress(b)}[:n]
					origins := "http://" + strings.Join(addresses, ",http://")
					var all []*server
					for i, a := range addresses {
						all = append(all, startServer(b, a, "--data", filepath.Join(r.dir, "data"+strconv.Itoa(i)), "--database", url,
							"--roots", r.rootsFile, "--seed", r.seedFile, "--origin", origins, "--proxies", "127.0.0.0/8"))
					}
					if first {
						fill(b, "pgx", url, stored)
					}
					return all
				})
			})
		}
	}
}

// fill puts in contracts that others concluded, each with a lot, a sealed file and a row of history.
func fill(b *testing.B, driver, name string, n int) {
	b.Helper()
	if n == 0 {
		return
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }() // everything is committed
	db.SetMaxOpenConns(1)
	const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `
	const lot = `'{"id":"old-' || i || '","project_number":"P-' || i || '","project_name":"旧项目","number":"N-' || i || '","name":"旧标段","kind":"procurement",` +
		`"method":"negotiation","purchaser":{"uscc":"91410800MA40000001","name":"修武县第一中学"},"supplier":{"uscc":"O' || (i %% 5000) || '","name":"供应商"},` +
		`"award_fen":111100,"traded_at":"2026-01-01T00:00:00Z","award_sent_at":"2026-01-02T00:00:00Z"}'`
	for _, s := range []string{
		`INSERT INTO organisations (uscc, name) ` + numbers + ` SELECT 'O' || (i - 1), '供应商' FROM n WHERE i <= 5000`,
		`INSERT INTO lots (id, purchaser_uscc, supplier_uscc, traded_at, data) ` + numbers + ` SELECT 'old-' || i, 'O' || ((i + 1) %% 5000), 'O' || (i %% 5000), i, ` + lot + ` FROM n`,
		`INSERT INTO contracts (id, lot_id, kind, parent_id, seal_order, starter_uscc, other_uscc, starter, state, round, version, fields, sent, words, sent_words,
			created_at, updated_at, arrived_at, submitted_at, viewed_at, concluded_at, publication, filed) ` + numbers + `
			SELECT 'old-' || i, 'old-' || i, 'contract', '', 'seal_first', 'O' || ((i + 1) %% 5000), 'O' || (i %% 5000), 'purchaser', 'concluded', 1, 7, '{}', '{}',
			'p-' || i || ' 旧项目 旧标段', 'p-' || i || ' 旧项目 旧标段', i, i, i, i, i, i, '{}', '{}' FROM n`,
		`INSERT INTO attachments (id, contract_id, seq, sha256, data) ` + numbers + ` SELECT 'old-' || i, 'old-' || i, 0, 'd' || i, '{}' FROM n`,
		`INSERT INTO history (contract_id, seq, data) ` + numbers + ` SELECT 'old-' || i, 1, '{}' FROM n`,
	} {
		count := n
		if strings.Contains(s, "INTO organisations") {
			count = 5000
		}
		if _, err := db.ExecContext(b.Context(), fmt.Sprintf(s, count)); err != nil {
			b.Fatalf("%v in %.80s", err, s)
		}
	}
	if _, err := db.ExecContext(b.Context(), "ANALYZE"); err != nil {
		b.Fatal(err)
	}
}

// addressed gives a client an address of its own, as it has behind a proxy.
type addressed struct {
	next    http.RoundTripper
	address string
	took    *timings
}

func (a addressed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", a.address)
	start := time.Now()
	resp, err := a.next.RoundTrip(r)
	if a.took != nil {
		a.took.add(time.Since(start))
	}
	return resp, err
}

type timings struct {
	mu  sync.Mutex
	all []time.Duration
}

func (t *timings) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, d)
}

// quantile is in milliseconds.
func (t *timings) quantile(q float64) float64 {
	slices.Sort(t.all)
	return float64(t.all[int(q*float64(len(t.all)-1))].Microseconds()) / 1000
}

// measure files the contracts once, whatever b.N is.
func measure(b *testing.B, open func(*realm) []*server) {
	r := newRealm(b, clients*perClient)
	buyer := r.person(b, r.buyer)
	file, err := buyer.sign(b.Context(), r.dir, pdftest.Document(pdftest.Options{Pages: 2}))
	if err != nil {
		b.Fatal(err)
	}
	servers := open(r)
	transport := &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	var requests timings
	var filed timings
	all := make([]*client.Client, clients)
	for i := range all {
		who := r.person(b, r.buyer)
		address := fmt.Sprintf("198.51.%d.%d", i/250, i%250+1)
		all[i], err = client.Login(b.Context(), "http://"+servers[i%len(servers)].address, who.key, who.chain,
			client.Options{Transport: addressed{transport, address, &requests}})
		if err != nil {
			b.Fatal(err)
		}
	}
	requests.all = nil
	var failed atomic.Int64
	var work sync.WaitGroup
	b.ResetTimer()
	start := time.Now()
	for i, c := range all {
		work.Go(func() {
			for k := range perClient {
				at := time.Now()
				x := &contract{side: &side{Platform: c}}
				if err := x.file(b.Context(), r.lots[i*perClient+k], file); err != nil {
					if failed.Add(1) == 1 {
						b.Error(err)
					}
					return
				}
				filed.add(time.Since(at))
			}
		})
	}
	work.Wait()
	took := time.Since(start)
	b.StopTimer()
	if failed.Load() > 0 {
		b.FailNow()
	}
	var memory int64
	for _, s := range servers {
		memory = max(memory, peak(b, s.cmd.Process.Pid))
		if code, err := s.stop(); code != 0 || err != nil {
			b.Errorf("%d, %v", code, err)
		}
	}
	b.ReportMetric(float64(clients*perClient)/took.Seconds(), "contracts/s")
	b.ReportMetric(filed.quantile(0.5), "p50-ms/contract")
	b.ReportMetric(filed.quantile(0.99), "p99-ms/contract")
	b.ReportMetric(requests.quantile(0.5), "p50-ms/request")
	b.ReportMetric(requests.quantile(0.99), "p99-ms/request")
	b.ReportMetric(float64(memory>>20), "MiB/server")
	b.ReportMetric(0, "ns/op")
}

// file is offer with a file that was sealed before, so that nothing is measured but the platform.
func (x *contract) file(ctx context.Context, lot string, sealed []byte) error {
	if err := x.did(x.Create(ctx, platformapi.Change{Key: platformapi.NewID()}, platformapi.NewContract{ID: platformapi.NewID(), LotID: lot})); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	fields := platformapi.ContractFields{Number: "HT-" + lot, Name: "教学设备采购合同", AmountFen: 111100, TermDays: 90, SignedOn: "2026-11-24"}
	if err := x.did(x.SaveFields(ctx, x.change(), fields)); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := x.put(ctx, sealed); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if err := x.did(x.Submit(ctx, x.change(), digest(sealed))); err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	return nil
}

// peak is the greatest resident memory of a process in bytes, 0 where the system does not tell.
func peak(b *testing.B, pid int) int64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == "VmHWM:" {
			n, err := strconv.ParseInt(words[1], 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return n << 10
		}
	}
	return 0
}
