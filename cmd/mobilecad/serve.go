package main

import (
	"cmp"
	"context"
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
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sealdesk/cmd/internal/daemon"
	"sealdesk/cmd/internal/mobile"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/csc"
	"sealdesk/platformapi/mobileca/demo"
	"sealdesk/platformapi/mobileca/phone"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/store/postgres"
	"sealdesk/platformapi/mobileca/store/sqlite"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/sqldb/pgdb"
	"sealdesk/token/ca"
)

const (
	drainTime    = 20 * time.Second
	maxPlatforms = 1 << 20
)

type options struct {
	data, database, master     string
	listen, origin, cert, key  string
	name, help, platforms, log string
	demo, wait                 bool
	fee                        int64
	proxies                    string
	trusted                    []netip.Prefix
	origins                    []string
}

func (o *options) storage(f *flag.FlagSet) {
	f.StringVar(&o.data, "data", "", "`folder` that keeps everything that has no other place (required)")
	f.StringVar(&o.database, "database", "", "`URL` of a PostgreSQL database, postgres://user@host/name?…, with the password in PGPASSWORD or ~/.pgpass; by default a SQLite file in --data")
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("mobilecad serve", flag.ContinueOnError)
	o.storage(f)
	f.StringVar(&o.master, "master-key", "", "`file` of the key under which the service's shares are kept; by default master.key in --data, made if missing. Without it no certificate works any more")
	f.StringVar(&o.listen, "listen", "127.0.0.1:8444", "`address` to listen on; port 0 takes a free one")
	f.StringVar(&o.origin, "origin", "", "`addresses` people reach it by, https://host[:port], separated by commas; by default the listening one, or those that --tls-cert is for")
	f.StringVar(&o.proxies, "proxies", "", "`networks` of the proxies before it, 10.0.0.0/8, separated by commas: their X-Forwarded-For is believed")
	f.StringVar(&o.cert, "tls-cert", "", "PEM `file` of the server's certificate chain; without it, and not on loopback, one of a local authority is made")
	f.StringVar(&o.key, "tls-key", "", "PEM `file` of its key")
	f.StringVar(&o.name, "name", "移动CA", "`name` that people know it by")
	f.StringVar(&o.help, "help-phone", "", "`number` to call for help")
	f.StringVar(&o.platforms, "platforms", "", "JSON `file` of the trading platforms that it serves: [{id, name, region, origin, lat, lon}]")
	f.StringVar(&o.log, "log", "text", "`form` of the log on standard error: text or json")
	f.Int64Var(&o.fee, "fee", 0, "what an organisation's certificate costs, in `yuan` a year")
	f.BoolVar(&o.wait, "review", false, "leave applications to the CA's clerk (mobilecad review) instead of approving them at once")
	f.BoolVar(&o.demo, "demo", false, "show short messages on standard output instead of sending them, take every identity whose number is well formed, and certify with an authority in --data (required: no other providers are built in)")
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
	_, _, err = net.SplitHostPort(o.listen)
	wrong := ""
	switch {
	case len(words) > 0:
		wrong = "unexpected argument " + words[0]
	case o.data == "":
		wrong = "--data is required"
	case o.database != "" && !strings.HasPrefix(o.database, "postgres://") && !strings.HasPrefix(o.database, "postgresql://"):
		wrong = "--database is not postgres://…"
	case err != nil:
		wrong = "--listen is not host:port"
	case o.fee < 0 || o.fee > 100_000:
		wrong = "--fee is between 0 and 100000"
	case (o.cert == "") != (o.key == ""):
		wrong = "--tls-cert and --tls-key go together"
	case o.log != "text" && o.log != "json":
		wrong = "--log is neither text nor json"
	case !o.demo:
		wrong = "--demo is required: this program sends no short messages and checks no identities by itself"
	}
	if wrong != "" {
		return o, daemon.Wrong("%s", wrong)
	}
	return o, nil
}

func (o *options) file() string       { return filepath.Join(o.data, "mobileca.db") }
func (o *options) authority() string  { return filepath.Join(o.data, "ca") }
func (o *options) masterFile() string { return cmp.Or(o.master, filepath.Join(o.data, "master.key")) }

// openExisting is open for those that work on a mobile CA, which must be there: it makes no folder and no SQLite file, and
// brings no database along, whose server may be of the version before.
func (o *options) openExisting(ctx context.Context) (store.Store, func(), error) {
	if o.database == "" {
		if _, err := os.Stat(o.file()); errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("there is no mobile CA in %s", o.data)
		}
	}
	return o.open(web.AsItIs(ctx))
}

// open opens the store; release ends what it stands on, after it.
func (o *options) open(ctx context.Context) (s store.Store, release func(), err error) {
	if o.database == "" {
		s, err = sqlite.Open(ctx, o.file())
		return s, func() {}, err
	}
	var pool *pgxpool.Pool
	if pool, err = pgdb.Connect(ctx, o.database, "mobilecad"); err != nil {
		return nil, nil, err
	}
	if s, err = postgres.Open(ctx, pool); err != nil {
		pool.Close()
	}
	return s, pool.Close, err
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

// price is what applications cost with a fee of so many yuan a year for an organisation's certificate. A person's and a
// change of name cost nothing.
func price(fee int64) mobileca.Price {
	return func(kind wire.ApplicationKind, organisation bool, years int) int64 {
		if !organisation || kind == wire.ApplyChange {
			return 0
		}
		return fee * 100 * int64(years)
	}
}

// serve serves until ctx ends. It prints the service's address once it listens.
func serve(ctx context.Context, o options, stdout io.Writer, log *slog.Logger) (err error) {
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return err
	}
	if o.database == "" {
		alone, err := daemon.Claim(o.data)
		if err != nil {
			return err
		}
		defer func() { _ = alone.End() }() // nothing was written to it that could be lost
	}
	kept, release, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer release()
	defer func() {
		if err != nil {
			err = errors.Join(err, kept.Close())
		}
	}()
	config := mobileca.Config{
		Cashier: demo.Cashier{To: stdout}, Price: price(o.fee), Store: kept, Messenger: demo.NewConsole(stdout), Identity: demo.Identities{}, Name: o.name, HelpPhone: o.help, App: phone.Files, CSC: csc.Handler,
		Log: log, Proxies: o.trusted,
	}
	if !o.wait {
		config.Clerk = demo.Clerk{To: stdout}
	}
	if config.Master, err = mobile.MasterOrNew(o.masterFile()); err != nil {
		return err
	}
	if config.Platforms, err = readPlatforms(o.platforms); err != nil {
		return err
	}
	authority, err := ca.OpenOrCreate(o.authority())
	if err != nil {
		return err
	}
	listener, err := mobile.Listen(ctx, o.listen, o.cert, o.key, filepath.Join(o.data, "tls"))
	switch op, ok := errors.AsType[*net.OpError](err); {
	case ok && op.Op == "listen":
		return daemon.Address("listen", o.listen, err)
	case err != nil && o.cert != "":
		return daemon.Pair(o.cert, o.key, err)
	case err != nil:
		return err
	}
	defer func() { _ = listener.Close() }() // the server closes it, unless it was not begun
	config.Origins = listener.Origins
	if o.origin != "" {
		config.Origins = o.origins
	}
	if len(config.Origins) == 0 {
		return daemon.Wrong("--tls-cert %s is for none of the addresses that --listen %s stands for, so --origin is required, such as https://ca.example:8444", o.cert, o.listen)
	}
	config.Issuer = mobile.NewIssuer(authority, config.Origins[0])
	service, err := mobileca.New(ctx, config)
	if err != nil {
		return err
	}
	server := web.NewServer(mobile.Beside(service.Handler(), authority, listener.Root), log)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if _, err := fmt.Fprintln(stdout, config.Origins[0]); err != nil {
		log.Warn("the address cannot be printed", "error", err)
	}
	if listener.Root != nil {
		log.Info("phones must trust this service's local authority once", "certificate", config.Origins[0]+mobile.RootPath)
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	service.Drain()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("shutdown: %w", err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	if err := service.Close(); err != nil { // closes the store too
		log.Error("the store was not closed well", "error", err)
	}
	return nil
}

func readPlatforms(path string) ([]wire.TradingPlatform, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, daemon.File("platforms", path, err)
	}
	var all []wire.TradingPlatform
	d := json.NewDecoder(io.LimitReader(f, maxPlatforms))
	d.DisallowUnknownFields() // a word that was mistyped would leave out what it says
	err = d.Decode(&all)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, daemon.File("platforms", path, err)
	}
	return all, nil
}
