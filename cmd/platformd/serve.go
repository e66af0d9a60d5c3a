package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/bidding"
	"sealdesk/cmd/internal/daemon"
	"sealdesk/cmd/internal/judge"
	"sealdesk/platformapi"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/receipt"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/jobs/riverjobs"
	"sealdesk/signer/disk"
	"sealdesk/signer/tsa"
)

const (
	drainTime    = 20 * time.Second
	maxRootsFile = 1 << 20
	maxSeedFile  = 16 << 20
	maxKeyFile   = 64 << 10
)

type options struct {
	storage

	listen, admin, roots, makers, seed, origin, cert, key, proxies, log string

	tsaKeys, tsaPolicy, auditKey string
	receiptKey, bidKeys          string
	newBidKeys                   bool

	flow    flowOptions
	drain   time.Duration
	trusted []netip.Prefix
	origins []string // none: the listening one
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("platformd serve", flag.ContinueOnError)
	o.storage.flags(f)
	f.StringVar(&o.listen, "listen", "127.0.0.1:8443", "`address` to listen on; port 0 takes a free one")
	f.StringVar(&o.admin, "admin", "", "`address` of /healthz, /readyz and /metrics, such as 127.0.0.1:9443; nobody is asked for a name there, so keep it off the internet")
	f.StringVar(&o.roots, "roots", "", "PEM `file` of the CAs whose certificates log in and seal (required)")
	f.StringVar(&o.makers, "makers", "", "PEM `file` of the makers of electronic seals; without it no such seal is trusted")
	f.StringVar(&o.seed, "seed", "", "JSON `file` of organisations and lots to add at the start; lots.json among the package's examples shows the form")
	f.StringVar(&o.origin, "origin", "", "`addresses` people reach the platform by, https://host[:port], separated by commas, as they stand in browsers and settings; by default the listening one, if it is one")
	f.StringVar(&o.proxies, "proxies", "", "`networks` of the proxies before it, 10.0.0.0/8, separated by commas: their X-Forwarded-For is believed")
	f.StringVar(&o.cert, "tls-cert", "", "PEM `file` of the server's certificate chain")
	f.StringVar(&o.key, "tls-key", "", "PEM `file` of its key")
	o.flow.declare(f)
	f.StringVar(&o.tsaKeys, "tsa-keys", "", "PEM `files` separated by commas, each with a key of the time-stamp service at /tsa and its certificate chain")
	f.StringVar(&o.tsaPolicy, "tsa-policy", "", "`OID` of the policy that its time stamps state")
	f.StringVar(&o.auditKey, "audit-key", "", "PEM `file` with the key that signs the head of the audit trail each day, and its certificate chain")
	f.StringVar(&o.receiptKey, "receipt-key", "", "PEM `file` with the key that signs receipts and its certificate chain, which names this host; without it they are not signed")
	f.StringVar(&o.bidKeys, "bid-keys", "", "PEM `files` separated by commas, each with a key that bids are encrypted to, SM2 or RSA, and its certificate; the newest of a kind first, and those before it as long as bids made for them are open. Without it such keys are made in the data folder at the first start; over PostgreSQL no bids are taken then, as all servers must have the same")
	f.BoolVar(&o.newBidKeys, "new-bid-keys", false, "make such keys although tenders are kept here already, whose bids were encrypted to keys that are lost")
	f.StringVar(&o.log, "log", "text", "`form` of the log on standard error: text or json")
	f.DurationVar(&o.drain, "drain", 0, "`time` between being told to end and refusing connections, for a proxy that asks /readyz to notice")
	words, err := daemon.Parse(f, args, stderr)
	if err != nil {
		return o, err
	}
	if o.trusted, err = daemon.Networks(o.proxies); err != nil {
		return o, err
	}
	if o.origin != "" {
		if o.origins, err = daemon.Origins(o.origin); err != nil {
			return o, err
		}
	}
	host, _, err := net.SplitHostPort(o.listen)
	wrong := o.storage.check()
	switch {
	case len(words) > 0:
		wrong = "unexpected argument " + words[0]
	case wrong != "":
	case o.roots == "":
		wrong = "--roots is required"
	case err != nil:
		wrong = "--listen is not host:port"
	case (o.cert == "") != (o.key == ""):
		wrong = "--tls-cert and --tls-key go together"
	case !platformapi.SealOrder(o.flow.order).Valid():
		wrong = "--order is neither seal_first nor review_first"
	case (o.tsaKeys == "") != (o.tsaPolicy == ""):
		wrong = "--tsa-keys and --tsa-policy go together"
	case o.cert == "" && !loopback(host):
		wrong = "without --tls-cert and --tls-key it listens on loopback addresses only"
	case o.origin == "" && everywhere(host): // a login is signed for the address that people used
		wrong = "--listen names no address that people could use, so --origin is required, such as https://contracts.example:8443"
	case o.log != "text" && o.log != "json":
		wrong = "--log is neither text nor json"
	}
	if wrong != "" {
		return o, daemon.Wrong("%s", wrong)
	}
	return o, nil
}

// everywhere tells that a host stands for all addresses of the machine.
func everywhere(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func serveCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	var handler slog.Handler = slog.NewTextHandler(stderr, nil)
	if o.log == "json" {
		handler = slog.NewJSONHandler(stderr, nil)
	}
	return serve(ctx, o, stdout, slog.New(handler))
}

// serve serves until ctx ends. It prints the platform's address once it listens.
func serve(ctx context.Context, o options, stdout io.Writer, log *slog.Logger) (err error) {
	roots, err := readRoots("roots", o.roots)
	if err != nil {
		return err
	}
	var makers []*smx509.Certificate
	if o.makers != "" {
		if makers, err = readRoots("makers", o.makers); err != nil {
			return err
		}
	}
	pool := smx509.NewCertPool()
	for _, r := range roots {
		pool.AddCert(r)
	}
	config := platform.Config{Dir: o.data, Judge: judge.New(roots, makers), Roots: pool, Log: log, Proxies: o.trusted}
	if err := o.flow.apply(&config); err != nil {
		return err
	}
	if o.tsaKeys != "" {
		if config.Stamper, err = stamper(o.tsaKeys, o.tsaPolicy); err != nil {
			return err
		}
	}
	if o.auditKey != "" {
		if config.Signer, err = signerOf(o.auditKey, config.Stamper, roots); err != nil {
			return err
		}
	}
	if o.receiptKey != "" {
		pair, err := readPair(o.receiptKey)
		if err != nil {
			return err
		}
		config.Receipts = &receipt.Signer{Key: pair.Key, Chain: pair.Chain}
	}
	if o.database == "" {
		alone, err := daemon.Claim(o.data)
		if err != nil {
			return err
		}
		defer func() { _ = alone.End() }() // nothing was written to it that could be lost
	}
	kept, err := o.storage.open(ctx)
	if err != nil {
		return err
	}
	defer kept.release()
	keys, err := o.keysForBids(ctx, kept)
	if err != nil {
		return errors.Join(err, kept.store.Close())
	}
	if len(keys) > 0 {
		config.Bidding = bidding.New(keys, roots)
	}
	config.Store, config.Blobs = kept.store, kept.blobs
	if kept.pool != nil {
		config.Runner = riverjobs.Runner{Pool: kept.pool, Log: log}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return errors.Join(daemon.Address("listen", o.listen, err), kept.store.Close())
	}
	scheme := "http"
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return errors.Join(daemon.Pair(o.cert, o.key, err), listener.Close(), kept.store.Close())
		}
		scheme = "https"
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	config.Origins = o.origins
	if o.origin == "" {
		config.Origins = []string{scheme + "://" + listener.Addr().String()}
	}
	p, err := platform.New(ctx, config)
	if err != nil {
		return errors.Join(err, listener.Close(), kept.store.Close())
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if o.seed != "" {
		if err := importSeed(ctx, p, o.seed); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	if o.admin != "" {
		stop, err := serveAdmin(ctx, o.admin, p, log)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		defer stop()
	}
	server := web.NewServer(p.Handler(), log)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if _, err := fmt.Fprintln(stdout, config.Origins[0]); err != nil {
		log.Warn("the address cannot be printed", "error", err)
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	p.Drain()
	log.Info("platformd drains")
	select {
	case err := <-served:
		return err
	case <-time.After(o.drain):
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("shutdown: %w", err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// stamper makes the time-stamp service of its key files.
func stamper(files, policy string) (*tsa.Authority, error) {
	oid, err := parseOID(policy)
	if err != nil {
		return nil, fmt.Errorf("--tsa-policy: %w", err)
	}
	config := tsa.AuthorityConfig{Policy: oid}
	for path := range strings.SplitSeq(files, ",") {
		pair, err := readPair(path)
		if err != nil {
			return nil, err
		}
		config.Pairs = append(config.Pairs, pair)
	}
	return tsa.NewAuthority(config)
}

// keysForBids reads the keys that bids are encrypted to. A server that has its data to itself makes them, but not where tenders
// are kept already: what was encrypted to keys that a restored folder lacks would stay closed, and nobody would know before the opening.
func (o *options) keysForBids(ctx context.Context, kept opened) ([]bidding.Key, error) {
	if o.bidKeys == "" && kept.pool == nil {
		tenders, err := kept.store.Tenders(ctx, store.TenderQuery{Now: time.Now(), Limit: 1})
		if err != nil {
			return nil, err
		}
		keys, err := bidding.OpenKeys(o.data, platform.DefaultID, len(tenders) == 0 || o.newBidKeys)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: bids of the tenders here were encrypted to that key; put it back from its backup, or, if it is lost, start with --new-bid-keys: bids that are not opened yet then stay closed", err)
		}
		return keys, err
	}
	var keys []bidding.Key
	for path := range strings.SplitSeq(o.bidKeys, ",") {
		if path == "" {
			continue
		}
		pair, err := readPair(path)
		if err != nil {
			return nil, err
		}
		k, err := bidding.KeyOf(pair)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// readPair reads a key and its certificate chain.
func readPair(path string) (tsa.Pair, error) {
	pem, err := disk.Read(path, maxKeyFile)
	if err != nil {
		return tsa.Pair{}, err
	}
	pair, err := tsa.ParsePair(pem)
	clear(pem)
	if err != nil {
		return tsa.Pair{}, fmt.Errorf("%s: %w", path, err)
	}
	return pair, nil
}

// signerOf reads the key that signs the audit trail's heads. Its stamps are of this platform's own service, so that what comes
// with its keys is trusted.
func signerOf(path string, stamper platform.Stamper, roots []*smx509.Certificate) (platform.HeadSigner, error) {
	pair, err := readPair(path)
	if err != nil {
		return nil, err
	}
	s := headSigner{pair: pair}
	if stamper != nil {
		s.stamps = &tsa.Client{Roots: roots, Fetcher: own{stamper}}
	}
	return s, nil
}

// serveAdmin serves the administrator's pages until stop is called.
func serveAdmin(ctx context.Context, address string, p *platform.Server, log *slog.Logger) (stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, daemon.Address("admin", address, err)
	}
	server := web.NewServer(p.Admin(), log)
	log.Info("the administrator's pages are served", "address", listener.Addr().String())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the administrator's pages ended", "error", err)
		}
	}()
	return func() {
		_ = server.Close() // nothing there is half done
		<-done
	}, nil
}

func parseOID(text string) (asn1.ObjectIdentifier, error) {
	var oid asn1.ObjectIdentifier
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("%q is not an OID", text)
		}
		oid = append(oid, int(n))
	}
	_, err := asn1.Marshal(oid) // knows which first numbers there are
	return oid, err
}

func importSeed(ctx context.Context, p *platform.Server, path string) error {
	data, err := disk.Read(path, maxSeedFile)
	if err != nil {
		return daemon.File("seed", path, err)
	}
	var seed platform.Seed
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields() // a word that was mistyped would leave out what stands below it
	if err := d.Decode(&seed); err != nil {
		return daemon.File("seed", path, err)
	}
	if d.More() {
		return daemon.File("seed", path, errors.New("something follows the seed"))
	}
	return p.Import(ctx, seed)
}

// readRoots reads the certificates that a flag names the file of.
func readRoots(flag, path string) ([]*smx509.Certificate, error) {
	pem, err := disk.Read(path, maxRootsFile)
	if err != nil {
		return nil, daemon.File(flag, path, err)
	}
	roots, err := judge.ParseRoots(pem)
	if err != nil {
		return nil, daemon.File(flag, path, err)
	}
	return roots, nil
}
