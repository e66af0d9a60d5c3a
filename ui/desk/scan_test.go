package desk

import (
	"context"
	"errors"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca"
	"sealdesk/token/mobileca/mobilecatest"
)

// withPhone gives a world a mobile CA, and somebody of it a phone.
func withPhone(t *testing.T, who ca.Subject) (*world, *Desk, *mobilecatest.Person) {
	t.Helper()
	t.Parallel()
	w := makeWorld(t, ca.SM2, nil, platformapi.OrderSealFirst)
	d := w.desk("desk")
	phones := mobilecatest.New(t, w.ca, who)
	d.cfg.MobileCA, d.cfg.PlatformURL = phones.URL, w.url
	return w, d, &mobilecatest.Person{CA: phones}
}

// scanned begins a scan that the person takes part in.
func scanned(t *testing.T, p *mobilecatest.Person) (context.Context, *Scan) {
	t.Helper()
	ctx, s := NewScan(t.Context(), ScanAbout{Kind: ScanLogin})
	go func() {
		for code := ""; ; {
			v, news := s.View()
			if v.QR != "" && v.QR != code {
				code = v.QR
				go func() { _ = p.Scan(code) }()
			}
			select {
			case <-news:
			case <-s.Over():
				return
			}
		}
	}()
	return ctx, s
}

func TestLoginByScan(t *testing.T) {
	_, d, phone := withPhone(t, buyer)
	ctx, scan := scanned(t, phone)
	s, err := d.ScanLogin(ctx, scan, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if k := s.Key(); !k.Phone() || k.USCC != buyer.USCC || !s.KeyPresent(t.Context()) {
		t.Errorf("logged in with %+v", k)
	}
	select {
	case <-scan.Over():
	default:
		t.Error("the scan is not over")
	}
	if err := s.SignWith(Key{USCC: seller.USCC}); !errors.Is(err, fault("key_of_another", nil)) {
		t.Errorf("signing with another's key: %v", err)
	}
	usb, err := s.USBKey(t.Context())
	if err != nil || usb.USCC != buyer.USCC || usb.Phone() {
		t.Errorf("the USB key: %+v, %v", usb, err)
	}
	must(t, s.SignWith(usb))
	if s.SigningKey().URI != usb.URI || s.Key().URI == usb.URI {
		t.Error("the USB key does not sign, or the session is its own now")
	}
}

// A certificate of another organisation signs nothing, and binds nothing.
func TestAnothersPhone(t *testing.T) {
	_, d, phone := withPhone(t, seller)
	ctx, scan := scanned(t, phone)
	asked := false
	err := d.BindByScan(ctx, scan, Key{Owner: buyer.Name, USCC: buyer.USCC}, func(PlatformKey) error { asked = true; return nil })
	if !errors.Is(err, fault("phone_other_cert", nil)) || asked {
		t.Errorf("another's certificate: %v, asked %v", err, asked)
	}
	if got := phone.CA.States(); len(got) != 1 || got[0] != "ended" {
		t.Errorf("the pairing is %v", got)
	}
}

func TestBindByScan(t *testing.T) {
	_, d, phone := withPhone(t, buyer)
	ctx, scan := scanned(t, phone)
	err := d.BindByScan(ctx, scan, Key{USCC: buyer.USCC}, func(k PlatformKey) error {
		_, err := token.SignMessage(k.Signer, []byte("SealDesk binding v1"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := phone.Titles(); len(got) != 1 || phone.CA.States()[0] != "linked" && phone.CA.States()[0] != "ended" {
		t.Errorf("the phone was asked %q in %v", got, phone.CA.States())
	}
}

// The person calls it off at the desktop, and the platform may be changed meanwhile.
func TestScanIsCalledOff(t *testing.T) {
	_, d, phone := withPhone(t, buyer)
	phone.Blind = true
	ctx, scan := NewScan(t.Context(), ScanAbout{Kind: ScanLogin})
	go func() {
		for {
			v, news := scan.View()
			if v.Stage == ScanCode {
				if !d.seats.TryLock() {
					t.Error("a code that waits keeps the desk at its platform")
				} else {
					d.seats.Unlock()
				}
				scan.Cancel()
				return
			}
			<-news
		}
	}()
	if _, err := d.ScanLogin(ctx, scan, false); !errors.Is(err, token.ErrCancelled) {
		t.Errorf("called off: %v", err)
	}
	if _, err := d.ScanLogin(ctx, scan, false); !errors.Is(err, token.ErrCancelled) {
		t.Errorf("begun when it was called off: %v", err)
	}
}

func TestNoMobileCA(t *testing.T) {
	w := newWorld(t)
	d := w.desk("desk")
	ctx, scan := NewScan(t.Context(), ScanAbout{Kind: ScanLogin})
	if _, err := d.ScanLogin(ctx, scan, false); !errors.Is(err, fault("no_mobile_ca", nil)) || d.HasPhone() {
		t.Errorf("without a mobile CA: %v", err)
	}
	d.cfg.MobileCA, d.cfg.PlatformURL = "http://127.0.0.1:1", w.url
	ctx, scan = NewScan(t.Context(), ScanAbout{Kind: ScanLogin})
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if _, err := d.ScanLogin(ctx, scan, false); !errors.Is(err, mobileca.ErrUnreachable) {
		t.Errorf("a mobile CA that is not there: %v", err)
	}
}
