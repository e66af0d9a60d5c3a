package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"sealdesk/cmd/internal/mobile"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/csc"
	standins "sealdesk/platformapi/mobileca/demo"
	"sealdesk/platformapi/mobileca/phone"
	"sealdesk/platformapi/mobileca/store/sqlite"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web"
	"sealdesk/token/ca"
)

// mobileName is what the embedded mobile CA calls itself.
const mobileName = "云溪移动CA（演示）"

// MobileNumber is the number of the purchaser's handler: who logs in with it on a phone finds the identity checked and the
// hospital claimed, and has only to download the certificates. The supplier's handler is MobileNumber2.
const (
	MobileNumber  = "13900000001"
	MobileNumber2 = "13900000002"
)

// mobileCA is the embedded mobile CA.
type mobileCA struct {
	service *mobileca.Server
	server  *http.Server
	done    chan struct{}
}

// serveMobile runs the mobile CA beside the platform, certifying with the world's authority: what a phone signs the platform
// trusts.
func (w *World) serveMobile(ctx context.Context, authority *ca.Authority, o Options) (err error) {
	dir := filepath.Join(w.Work, "mobileca")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault("folder", dir, err)
	}
	master, err := mobile.MasterOrNew(filepath.Join(dir, "master.key"))
	if err != nil {
		return fault("folder", dir, err)
	}
	kept, err := sqlite.Open(ctx, filepath.Join(dir, "mobileca.db"))
	if err != nil {
		return err
	}
	address := o.MobileListen
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := mobile.Listen(ctx, address, "", "", filepath.Join(dir, "tls"))
	if err != nil {
		return errors.Join(fault("phones", address, err), kept.Close())
	}
	m := &mobileCA{done: make(chan struct{})}
	m.service, err = mobileca.New(ctx, mobileca.Config{
		Store: kept, Master: master, Issuer: mobile.NewIssuer(authority, listener.Origins[0]), Messenger: standins.NewConsole(o.Console), Identity: standins.Identities{},
		Clerk: standins.Clerk{To: o.Console}, Cashier: standins.Cashier{To: o.Console},
		Origins: listener.Origins, Name: mobileName, App: phone.Files, CSC: csc.Handler, Log: o.Log,
		Platforms: []wire.TradingPlatform{{ID: "demo", Name: PlatformName, Region: "河南省焦作市", Origin: w.URL, Lat: 35.22, Lon: 113.24}},
	})
	if err != nil {
		return errors.Join(err, listener.Close(), kept.Close())
	}
	m.server = web.NewServer(mobile.Beside(m.service.Handler(), authority, listener.Root), o.Log)
	go func() {
		defer close(m.done)
		if err := m.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			o.Log.Error("the demo's mobile CA ended", "error", err)
		}
	}()
	w.mobile, w.MobileCA, w.MobileRoot = m, listener.Origins[0], listener.Root
	for _, h := range []struct {
		number, id string
		party      Party
	}{{MobileNumber, "410821198805120017", w.Purchaser}, {MobileNumber2, "330127199003070024", w.Supplier}} {
		if h.party.Handler == "" {
			continue // a guest's certificate may name nobody
		}
		if err := m.service.Enrol(ctx, mobileca.Holder{
			Phone: h.number, Name: h.party.Handler, IDNumber: h.id, Organisation: wire.OrganisationData{USCC: h.party.USCC, Name: h.party.Name},
		}); err != nil {
			return err
		}
	}
	// Told only now: who reads the address finds its holders there.
	about := fmt.Sprintf("移动 CA → %s（手机号 %s、%s）", w.MobileCA, MobileNumber, MobileNumber2)
	if w.MobileRoot != nil {
		about += "，根证书 " + w.MobileCA + mobile.RootPath
	}
	if _, err := fmt.Fprintln(o.Console, about); err != nil {
		o.Log.Warn("the mobile CA's address cannot be shown", "error", err)
	}
	return nil
}

func (m *mobileCA) close() error {
	m.service.Drain()
	// Connections of phones that are gone would hold up a polite shutdown.
	err := m.server.Close()
	<-m.done
	return errors.Join(err, m.service.Close())
}
