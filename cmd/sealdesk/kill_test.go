package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/assets"
	"sealdesk/cmd/internal/judge"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/platformapi/platform"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
	"sealdesk/ui/desk/papers"
)

const killPIN = "246810"

var (
	killBuyer  = ca.Subject{Name: "某县人民医院", USCC: "12330127470130820X", Handler: "张三"}
	killSeller = ca.Subject{Name: "某省医疗器械有限公司", USCC: "91330127MA2XKQ713A", Handler: "李四"}
)

// gate stands before a real platform and can end the client at a moment of its talk with it: moment 2k when its k-th
// change arrives, before the platform sees it; moment 2k+1 when the platform has done it and the client has no answer.
type gate struct {
	mu      sync.Mutex
	next    http.Handler
	changes int
	moment  int // -1: never
	kill    func()
}

func (g *gate) set(next http.Handler, moment int, kill func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next, g.changes, g.moment, g.kill = next, 0, moment, kill
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	next, moment, kill, at := g.next, g.moment, g.kill, -1
	if g.moment >= 0 && r.Method != http.MethodGet && r.Method != http.MethodHead {
		at = g.changes
		g.changes++
	}
	g.mu.Unlock()
	if at >= 0 && moment == 2*at {
		kill()
		panic(http.ErrAbortHandler)
	}
	if at >= 0 && moment == 2*at+1 {
		next.ServeHTTP(httptest.NewRecorder(), r)
		kill()
		panic(http.ErrAbortHandler)
	}
	next.ServeHTTP(w, r)
}

// bench is a party's computer as it is when the contract is signed and not sent yet, and the platform that it talks to.
type bench struct {
	t         *testing.T
	bin       string
	home      string // as the signed contract left it
	authority *ca.Authority
	rootsFile string
	roots     []*smx509.Certificate
	gate      *gate
	url       string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, bin: buildForTest(t), home: t.TempDir(), gate: &gate{}}
	authority, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	b.authority = authority
	b.roots = authority.Roots()
	var data []byte
	for _, c := range b.roots {
		data = append(data, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	b.rootsFile = filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(b.rootsFile, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := soft.Create(filepath.Join(b.home, "data", "sealdesk", "keys"), soft.Options{
		Label: "buyer", Algorithm: ca.ECDSA, PIN: []byte(killPIN), Subject: killBuyer, Issuer: authority, Chain: b.roots,
		Cost: soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1},
	}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.home, "合同.docx"), assets.SampleContract(), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b.gate)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// platform starts a platform that knows the lot and nothing else, and puts it behind the gate.
func (b *bench) platform(moment int, kill func()) *platform.Server {
	b.t.Helper()
	pool := smx509.NewCertPool()
	for _, r := range b.roots {
		pool.AddCert(r)
	}
	p, err := platform.New(b.t.Context(), platform.Config{Dir: b.t.TempDir(), Judge: judge.New(b.roots, nil), Roots: pool, Origins: []string{b.url}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = p.Close() })
	now := time.Now()
	org := func(s ca.Subject) platformapi.Organisation {
		return platformapi.Organisation{Name: s.Name, USCC: s.USCC}
	}
	if err := p.Import(b.t.Context(), platform.Seed{
		Organisations: []platformapi.Organisation{org(killBuyer), org(killSeller)},
		Lots: []platform.Lot{{
			ID: "lot-1", ProjectNumber: "云财公开-2026-1", ProjectName: "救护车采购项目", Number: "一包", Name: "监护型救护车",
			Kind: platformapi.LotProcurement, Method: platformapi.MethodOpenTender, AwardFen: 96_000_000,
			TradedAt: now.AddDate(0, 0, -8), AwardSentAt: now.AddDate(0, 0, -4), Purchaser: org(killBuyer), Supplier: org(killSeller),
		}},
	}); err != nil {
		b.t.Fatal(err)
	}
	b.gate.set(p.Handler(), moment, kill)
	return p
}

// open starts the client with what lies in home.
func (b *bench) open(s *screen, home string) {
	b.t.Helper()
	s.start(b.bin, []string{"HOME=" + home, "XDG_DATA_HOME=" + filepath.Join(home, "data"), "XDG_CACHE_HOME=" + filepath.Join(filepath.Dir(b.bin), "cache"),
		"XDG_CONFIG_HOME=" + filepath.Join(home, "config"), "LC_ALL=C.UTF-8"}, "--platform", b.url, "--trust", b.rootsFile)
}

// start opens the client and logs the purchaser in.
func (b *bench) start(s *screen, home string) {
	b.t.Helper()
	b.open(s, home)
	s.wait(killBuyer.Name)
	s.login(killPIN)
}

// prepare works up to the seal.
func (b *bench) prepare(s *screen) {
	b.t.Helper()
	b.platform(-1, nil)
	b.start(s, b.home)
	b.makeContract(s)
	s.waitEnabled("提交合同")
	s.stop(syscall.SIGKILL)
}

// makeContract makes the lot's contract up to the purchaser's seal, and comes back to its form.
func (b *bench) makeContract(s *screen) {
	b.t.Helper()
	s.contracts()
	s.wait("还没有合同…")
	s.click("新增合同签订")
	s.click("救护车采购项目")
	s.fill("如 180", "30")
	s.wheel(30)
	s.click("将合同文件拖到此处，或点击选择")
	s.choose(filepath.Join(b.home, "合同.docx"))
	s.click("清稿并加盖印章")
	s.click("确认清稿，去盖章")
	s.wait("第 6 页  采购人（盖章）")
	s.sign(killPIN)
	s.click("返回合同")
}

// login opens the platform with the purchaser's key, from beside the client.
func (b *bench) login(t *testing.T) *client.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	keys, err := soft.Open(filepath.Join(b.home, "data", "sealdesk", "keys"))
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := keys.Tokens(ctx)
	if err != nil || len(tokens) != 1 {
		t.Fatalf("%d keys, %v", len(tokens), err)
	}
	defer tokens[0].Close()
	if err := tokens[0].Unlock(ctx, []byte(killPIN)); err != nil {
		t.Fatal(err)
	}
	ids, err := tokens[0].Identities(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id.Usage()&token.UsageSign == 0 {
			continue
		}
		signer, err := id.Signer(ctx)
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.Login(ctx, b.url, signer, append([]*smx509.Certificate{id.Certificate()}, id.Chain()...), client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Fatal("no signing certificate")
	return nil
}

// signed returns the SHA-256 digests of the signed files as they were before the client was killed.
func (b *bench) signed() map[string]bool {
	b.t.Helper()
	v, err := vault.Open(b.t.Context(), filepath.Join(b.home, "data", "sealdesk", "vault"), nil) // its key lies in a file there
	if err != nil {
		b.t.Fatal(err)
	}
	digests := map[string]bool{}
	err = filepath.WalkDir(b.home, func(path string, d os.DirEntry, err error) error {
		name, stored := strings.CutSuffix(filepath.Base(path), ".enc")
		if err != nil || !d.Type().IsRegular() || !stored {
			return err
		}
		document, err := papers.NewShelf(v, filepath.Dir(path)).Open(name)
		if err != nil {
			return err
		}
		defer document.Close()
		data, err := io.ReadAll(document.Reader())
		if bytes.Contains(data, []byte("/ByteRange")) {
			digests[fmt.Sprintf("%x", sha256.Sum256(data))] = true
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return digests
}

// filed lists the contracts that the platform has, as the purchaser sees them.
func filed(t *testing.T, c *client.Client) []platformapi.Contract {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	list, err := c.Contracts(ctx, platformapi.ContractQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var out []platformapi.Contract
	for _, item := range list.Items {
		one, err := c.Contract(ctx, item.ID)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, one)
	}
	return out
}

// A signed contract is in the outbox or filed, once, whenever the client is killed between signing and the receipt.
func TestKilledBetweenSigningAndReceipt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := newScreen(t)
	b.prepare(s)

	// Moments by the clock after the button was pressed, and moments of the talk with the platform.
	type stop struct {
		name   string
		after  time.Duration
		moment int
	}
	stops := []stop{{"at once", 0, -1}, {"40 ms later", 40 * time.Millisecond, -1}}
	for m := range 8 {
		name := fmt.Sprintf("change %d arrives", m/2+1)
		if m%2 == 1 {
			name = fmt.Sprintf("change %d is done, not answered", m/2+1)
		}
		stops = append(stops, stop{name, 0, m})
	}
	for _, st := range stops {
		t.Run(st.name, func(t *testing.T) {
			home := t.TempDir()
			if err := os.CopyFS(home, os.DirFS(b.home)); err != nil {
				t.Fatal(err)
			}
			dead := make(chan struct{})
			var once sync.Once
			kill := func() {
				once.Do(func() {
					_ = s.prog.Process.Kill()
					close(dead)
				})
			}
			b.platform(-1, nil)
			b.start(s, home)
			s.contracts()
			s.click("继续办理")
			s.click("提交合同")
			s.wait("已签章的合同将发送给…")
			button := s.waitFor("提交合同", 1, time.Minute)
			b.gate.set(b.gate.next, st.moment, kill)
			s.clickOn(button)
			if st.moment < 0 {
				time.Sleep(st.after)
				kill()
			}
			select {
			case <-dead:
			case <-time.After(time.Minute):
				s.fail("the client made fewer changes than %d", st.moment/2+1)
			}
			s.stop(syscall.SIGKILL)
			b.gate.set(b.gate.next, -1, nil)

			b.start(s, home)
			buyer := b.login(t)
			arrived := func() bool {
				list := filed(t, buyer)
				return len(list) == 1 && list[0].Summary.State == platformapi.StateAwaiting
			}
			// Killed before the outbox had it, nothing was promised: the contract waits on the desk, signed, for the button.
			if until(6*time.Second, arrived) != nil && st.moment < 0 {
				s.contracts()
				s.click("继续办理")
				s.click("提交合同")
				s.press("提交合同")
			}
			if err := until(60*time.Second, arrived); err != nil {
				s.fail("the contract was not filed: %+v", filed(t, buyer))
			}
			time.Sleep(300 * time.Millisecond) // a second submission would come now
			list := filed(t, buyer)
			submissions := 0
			for _, row := range list[0].History {
				if row.Step == platformapi.HistorySubmit {
					submissions++
				}
			}
			if len(list) != 1 || submissions != 1 {
				t.Errorf("%d contracts, %d submissions", len(list), submissions)
			}
			var sealed []platformapi.Attachment
			for _, a := range list[0].Attachments {
				if a.Current && a.Stage == platformapi.StageSealed {
					sealed = append(sealed, a)
				}
			}
			if len(sealed) != 1 || !b.signed()[string(sealed[0].SHA256)] {
				t.Errorf("filed is %+v, which is not the one contract that was signed", sealed)
			}
			s.stop(syscall.SIGKILL)
		})
	}
}
