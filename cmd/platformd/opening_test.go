package main

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platform"
	"sealdesk/signer/bid"
	"sealdesk/signer/envelope"
	"sealdesk/token/ca"
)

const (
	openers   = 200
	offerSize = 4 << 20          // bytes of a bid's one part
	offerTime = 90 * time.Second // in which all are uploaded
)

var openingOutline = []byte(`{"tender":"T-1","lot":"1","name":"设备","parts":[{"code":"offer","name":"投标文件","kind":"technical","required":true,"envelope":"投标文件"}],
	"price":{"envelope":"投标文件","fields":[{"name":"投标总价","kind":"amount","required":true}]}}`)

// opener is a bidder with its keys and its bid.
type opener struct {
	*client.Client
	org       platformapi.Organisation
	sign      crypto.Signer
	chain     []*smx509.Certificate
	decrypt   crypto.Decrypter
	box       *smx509.Certificate
	file, bid string
}

// BenchmarkOpening has 200 bidders decrypt at once, each with an SM2 key of its own and a bid of 4 MiB, against one platformd with
// SQLite: each fetches its envelope, opens it, and hands the secret over, by which the server opens the bid and holds all of it to
// the signed digests. Clients and server share this machine.
func BenchmarkOpening(b *testing.B) {
	r := newRealm(b, 0)
	authority, err := ca.New(ca.ECDSA, ca.SM2)
	if err != nil {
		b.Fatal(err)
	}
	r.authority = authority
	write(b, r.rootsFile, rootsPEM(authority))
	all := make([]*opener, openers)
	seed := platform.Seed{Organisations: []platformapi.Organisation{organisation(r.buyer)}}
	for i := range all {
		all[i] = newOpener(b, authority, i)
		seed.Organisations = append(seed.Organisations, all[i].org)
	}
	data, err := json.Marshal(seed)
	if err != nil {
		b.Fatal(err)
	}
	write(b, r.seedFile, data)
	s := startServer(b, freeAddress(b), "--data", filepath.Join(r.dir, "data"), "--roots", r.rootsFile, "--seed", r.seedFile, "--proxies", "127.0.0.0/8")
	url := "http://" + s.address
	transport := &http.Transport{MaxIdleConnsPerHost: openers, MaxConnsPerHost: openers}
	defer transport.CloseIdleConnections()
	var requests timings
	buyer := r.person(b, r.buyer)
	host, err := client.Login(b.Context(), url, buyer.key, buyer.chain, client.Options{Transport: addressed{transport, "198.51.99.1", nil}})
	if err != nil {
		b.Fatal(err)
	}
	first := publish(b, host, r.buyer.USCC, time.Hour)
	for i, o := range all {
		o.build(b, r.dir, first)
		if o.Client, err = client.Login(b.Context(), url, o.sign, o.chain, client.Options{Transport: addressed{transport, fmt.Sprintf("198.51.%d.%d", i/250, i%250+1), &requests}}); err != nil {
			b.Fatal(err)
		}
	}
	tender := publish(b, host, r.buyer.USCC, offerTime)
	inParallel(b, all, func(o *opener) error { return o.handIn(b, tender) })
	time.Sleep(time.Until(tender.Deadline.Add(100 * time.Millisecond)))
	tender = conduct(b, host, tender, platformapi.MoveAnnounce)
	start := time.Now()
	conduct(b, host, tender, platformapi.MoveStart)
	uncovered := time.Since(start)
	requests.all = nil
	var opened timings
	b.ResetTimer()
	start = time.Now()
	inParallel(b, all, func(o *opener) error {
		at := time.Now()
		defer func() { opened.add(time.Since(at)) }()
		return o.open(b)
	})
	took := time.Since(start)
	b.StopTimer()
	memory := peak(b, s.cmd.Process.Pid)
	if code, err := s.stop(); code != 0 || err != nil {
		b.Errorf("%d, %v", code, err)
	}
	b.ReportMetric(uncovered.Seconds(), "s-to-start")
	b.ReportMetric(took.Seconds(), "s-to-last")
	b.ReportMetric(opened.quantile(0.5), "p50-ms/bidder")
	b.ReportMetric(opened.quantile(0.99), "p99-ms/bidder")
	b.ReportMetric(requests.quantile(0.99), "p99-ms/request")
	b.ReportMetric(float64(memory>>20), "MiB/server")
	b.ReportMetric(0, "ns/op")
}

// inParallel has all of them do something at once.
func inParallel(b *testing.B, all []*opener, do func(*opener) error) {
	b.Helper()
	var work sync.WaitGroup
	var failed atomic.Int64
	for _, o := range all {
		work.Go(func() {
			if err := do(o); err != nil && failed.Add(1) == 1 {
				b.Error(err)
			}
		})
	}
	work.Wait()
	if failed.Load() > 0 {
		b.FailNow()
	}
}

func newOpener(b *testing.B, authority *ca.Authority, i int) *opener {
	b.Helper()
	o := &opener{org: platformapi.Organisation{Name: fmt.Sprintf("投标单位%03d", i), USCC: fmt.Sprintf("91410800MA5%06dX", i)}}
	sign, err := ca.GenerateKey(ca.SM2)
	if err != nil {
		b.Fatal(err)
	}
	encrypt, err := ca.GenerateKey(ca.SM2)
	if err != nil {
		b.Fatal(err)
	}
	mine, box, err := authority.IssuePair(ca.Subject{Name: o.org.Name, USCC: o.org.USCC, Handler: "张三"}, sign.Public(), encrypt.Public())
	if err != nil {
		b.Fatal(err)
	}
	o.sign, o.chain, o.decrypt, o.box = sign, []*smx509.Certificate{mine}, encrypt.(crypto.Decrypter), box
	return o
}

func publish(b *testing.B, host *client.Client, uscc string, until time.Duration) platformapi.Tender {
	b.Helper()
	t, err := host.CreateTender(b.Context(), platformapi.NewID(), platformapi.NewTender{
		ID: platformapi.NewID(), Number: "T-1", Name: "设备", LotNumber: "1", LotName: "一", PurchaserUSCC: uscc, Outline: openingOutline,
		Deadline: time.Now().Add(until), DecryptMinutes: 30, Remedy: platformapi.RemedyNone, OthersGoOn: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	return t
}

func conduct(b *testing.B, host *client.Client, t platformapi.Tender, act platformapi.OpeningMove) platformapi.Tender {
	b.Helper()
	t, err := host.Conduct(b.Context(), platformapi.TenderChange{Key: platformapi.NewID(), TenderID: t.ID, Version: t.Version}, platformapi.OpeningAct{Act: act})
	if err != nil {
		b.Fatal(err)
	}
	return t
}

// build makes the bid's file.
func (o *opener) build(b *testing.B, dir string, t platformapi.Tender) {
	b.Helper()
	outline, err := bid.ReadOutline(bytes.NewReader(openingOutline))
	if err != nil {
		b.Fatal(err)
	}
	content := make([]byte, offerSize)
	rand.NewChaCha8([32]byte{}).Read(content)
	path := filepath.Join(dir, "offer.pdf")
	write(b, path, content)
	var box *smx509.Certificate
	for _, c := range t.PlatformCertificates {
		if c.Algorithm == platformapi.BidSM2 {
			if box, err = smx509.ParseCertificate(c.Certificate); err != nil {
				b.Fatal(err)
			}
		}
	}
	o.file = filepath.Join(dir, o.org.USCC+".bid")
	x := bid.Builder{
		Bidder: bid.Bidder{Code: o.org.USCC, Name: o.org.Name}, Program: "bench", Signer: o.sign, Chain: o.chain, Recipients: []*smx509.Certificate{o.box},
		Platform: box, Outer: true, Out: o.file, Price: bid.Price{Fields: []bid.Field{{Name: "投标总价", Value: "100.00"}}},
		Parts: []bid.Source{{Code: "offer", Path: path}},
	}
	outline.Apply(&x)
	if _, err := x.Build(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func (o *opener) handIn(b *testing.B, t platformapi.Tender) error {
	content, err := os.ReadFile(o.file)
	if err != nil {
		return err
	}
	begun, err := o.BeginBid(b.Context(), platformapi.NewID(), t.ID, platformapi.NewBid{ID: platformapi.NewID(), Size: int64(len(content)), SHA256: digest(content)})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := o.SendBid(b.Context(), begun, bytes.NewReader(content), nil); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	out, err := o.CompleteBid(b.Context(), platformapi.NewID(), begun.ID)
	if err != nil {
		return fmt.Errorf("complete: %w", err)
	}
	o.bid = out.Bid.ID
	return nil
}

// open decrypts the bid.
func (o *opener) open(b *testing.B) error {
	list, err := o.TakeEnvelopes(b.Context(), o.bid)
	if err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	sealed, err := envelope.Parse(list[0].Inner)
	if err != nil {
		return err
	}
	secret, err := sealed.Open(o.box, o.decrypt)
	if err != nil {
		return err
	}
	x, err := o.Decrypt(b.Context(), platformapi.NewID(), o.bid, []platformapi.OpenedEnvelope{{Name: list[0].Name, Secret: secret}})
	if err == nil && x.State != platformapi.BidDecrypted {
		err = fmt.Errorf("the bid is %s: %+v", x.State, x.Failure)
	}
	return err
}
