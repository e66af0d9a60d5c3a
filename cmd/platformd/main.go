// Command platformd runs the reference trading platform.
package main

import (
	"context"
	"crypto/tls"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/judge"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/receipt"
	"sealdesk/platformapi/web"
	"sealdesk/signer/tsa"
)

const (
	exitUsage    = 2
	exitFailed   = 5
	drainTime    = 20 * time.Second
	maxRootsFile = 1 << 20
	maxSeedFile  = 16 << 20
	maxKeyFile   = 64 << 10
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

type options struct {
	listen, data, roots, makers, seed, origin, cert, key string

	tsaKeys, tsaPolicy string
	receiptKey         string
}

var errUsage = errors.New("usage")

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("platformd", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.listen, "listen", "127.0.0.1:8443", "`address` to listen on; port 0 takes a free one")
	f.StringVar(&o.data, "data", "", "`folder` that keeps everything (required)")
	f.StringVar(&o.roots, "roots", "", "PEM `file` of the CAs whose certificates log in and seal (required)")
	f.StringVar(&o.makers, "makers", "", "PEM `file` of the makers of electronic seals; without it no such seal is trusted")
	f.StringVar(&o.seed, "seed", "", "JSON `file` of organisations and lots to add at the start")
	f.StringVar(&o.origin, "origin", "", "`addresses` people reach the platform by, https://host[:port], separated by commas; by default the listening one")
	f.StringVar(&o.cert, "tls-cert", "", "PEM `file` of the server's certificate chain")
	f.StringVar(&o.key, "tls-key", "", "PEM `file` of its key")
	f.StringVar(&o.tsaKeys, "tsa-keys", "", "PEM `files` separated by commas, each with a key of the time-stamp service at /tsa and its certificate chain")
	f.StringVar(&o.tsaPolicy, "tsa-policy", "", "`OID` of the policy that its time stamps state")
	f.StringVar(&o.receiptKey, "receipt-key", "", "PEM `file` with the key that signs receipts and its certificate chain, which names this host; without it they are not signed")
	if err := f.Parse(args); err != nil {
		return o, errors.Join(errUsage, err)
	}
	complain := func(why string) error {
		_, _ = fmt.Fprintln(stderr, "platformd:", why) // nothing is left to do when this cannot be written
		return errUsage
	}
	host, _, err := net.SplitHostPort(o.listen)
	switch {
	case f.NArg() > 0:
		return o, complain("unexpected argument " + f.Arg(0))
	case o.data == "" || o.roots == "":
		return o, complain("--data and --roots are required")
	case err != nil:
		return o, complain("--listen is not host:port")
	case (o.cert == "") != (o.key == ""):
		return o, complain("--tls-cert and --tls-key go together")
	case (o.tsaKeys == "") != (o.tsaPolicy == ""):
		return o, complain("--tsa-keys and --tsa-policy go together")
	case o.cert == "" && !loopback(host):
		return o, complain("without --tls-cert and --tls-key it listens on loopback addresses only")
	}
	return o, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// run serves until ctx ends. It prints the platform's address once it listens.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return exitUsage
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	if err := serve(ctx, o, stdout, log); err != nil {
		log.Error("platformd ends", "error", err)
		return exitFailed
	}
	return 0
}

func serve(ctx context.Context, o options, stdout io.Writer, log *slog.Logger) (err error) {
	pem, err := readFile(o.roots, maxRootsFile)
	if err != nil {
		return err
	}
	roots, err := judge.ParseRoots(pem)
	if err != nil {
		return err
	}
	var makers []*smx509.Certificate
	if o.makers != "" {
		if pem, err = readFile(o.makers, maxRootsFile); err != nil {
			return err
		}
		if makers, err = judge.ParseRoots(pem); err != nil {
			return err
		}
	}
	pool := smx509.NewCertPool()
	for _, r := range roots {
		pool.AddCert(r)
	}
	config := platform.Config{Dir: o.data, Judge: judge.New(roots, makers), Roots: pool, Log: log}
	if o.tsaKeys != "" {
		if config.Stamper, err = stamper(o.tsaKeys, o.tsaPolicy); err != nil {
			return err
		}
	}
	if o.receiptKey != "" {
		pair, err := readPair(o.receiptKey)
		if err != nil {
			return err
		}
		config.Signer = &receipt.Signer{Key: pair.Key, Chain: pair.Chain}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	scheme := "http"
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return errors.Join(fmt.Errorf("TLS: %w", err), listener.Close())
		}
		scheme = "https"
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	origins := []string{scheme + "://" + listener.Addr().String()}
	if o.origin != "" {
		origins = strings.Split(o.origin, ",")
	}
	config.Origins = origins
	p, err := platform.New(ctx, config)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if o.seed != "" {
		if err := importSeed(ctx, p, o.seed); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	server := web.NewServer(p.Handler(), log)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if _, err := fmt.Fprintln(stdout, origins[0]); err != nil {
		log.Warn("the address cannot be printed", "error", err)
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	p.Drain()
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

// readPair reads a key and its certificate chain.
func readPair(path string) (tsa.Pair, error) {
	pem, err := readFile(path, maxKeyFile)
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
	data, err := readFile(path, maxSeedFile)
	if err != nil {
		return err
	}
	var seed platform.Seed
	if err := json.Unmarshal(data, &seed); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return p.Import(ctx, seed)
}

// readFile reads a file of at most max bytes.
func readFile(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, max+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if int64(len(data)) > max {
		return nil, fmt.Errorf("%s has more than %d bytes", path, max)
	}
	return data, nil
}
