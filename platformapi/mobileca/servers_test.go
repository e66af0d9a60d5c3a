package mobileca_test

import (
	"os"
	"testing"
	"time"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/store/postgres"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/sqldb/pgdb"
	"sealdesk/platformapi/web/sqldb/pgtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	pgtest.Stop()
	os.Exit(code)
}

// Two servers in one database are one mobile CA: the desktop waits at one for what the phone does at the other, and what one
// sealed the other opens.
func TestTwoServers(t *testing.T) {
	ctx := t.Context()
	url := pgtest.Shared(t).Database(t)
	var master []byte
	var issuer mobileca.Issuer
	server := func() *phonetest.World {
		t.Helper()
		return phonetest.NewWorld(t, func(cfg *mobileca.Config) {
			must(t, cfg.Store.Close())
			pool, err := pgdb.Connect(ctx, url+"&pool_max_conns=8", "test")
			must(t, err)
			t.Cleanup(pool.Close)
			s, err := postgres.Open(ctx, pool)
			must(t, err)
			cfg.Store = s
			if master == nil {
				master, issuer = cfg.Master, cfg.Issuer
			}
			cfg.Master, cfg.Issuer, cfg.Now = master, issuer, time.Now
		})
	}
	here, there := server(), server()
	here.Now, there.Now = time.Now, time.Now
	p := here.Holder()
	d := begin(t, there, wire.PairSign, false)
	waited := make(chan error, 1)
	go func() { waited <- d.Refresh(ctx, 20) }()
	_, err := p.Scan(ctx, d.QR())
	must(t, err)
	must(t, <-waited)
	if d.Pairing.State != wire.PairingScanned {
		t.Fatalf("at the other server it is %s", d.Pairing.State)
	}
	_, err = d.Match(ctx)
	must(t, err)
	_, err = p.Match(ctx, d.Pairing.ID)
	must(t, err)
	_, err = p.Accept(ctx, d.Pairing.ID, nil)
	must(t, err)
	must(t, d.Refresh(ctx, 0))
	r, err := d.Ask(ctx, phonetest.Contract(digestOf("contract")))
	must(t, err)
	p.Move(there.Service) // the proxy chose another server
	must(t, p.Approve(ctx, r.ID, phonetest.PIN))
	r, err = d.Request(ctx, r.ID, 0, 0)
	must(t, err)
	if r.State != wire.RequestApproved {
		t.Errorf("the request is %s", r.State)
	}
}
