// Command sealdesk is the desktop client: it signs government procurement contracts and carries them to the trading
// platform. With --demo it brings the platform, both parties' keys and a sample contract along.
package main

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/demo"
	"sealdesk/cmd/sealdesk/instance"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/signer/cleancopy"
	"sealdesk/signer/cleancopy/apart"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/libraries"
	"sealdesk/token/soft"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/checkup"
	"sealdesk/ui/desk/keyring"
	"sealdesk/ui/desk/platforms"
	"sealdesk/ui/pages"
	"sealdesk/ui/pages/shut"
)

// appID is the program's name in reverse-DNS form, the same wherever a system asks for one.
const appID = "cn.sealdesk.SealDesk"

// version is set by the build of a release.
var version = ""

// updateFeed and updateKey, of a release: where newer versions are told of, and the Ed25519 key, in base64, that signs it.
var updateFeed, updateKey = "", ""

type options struct {
	demo      bool
	work      string
	algorithm string
	order     string
	platform  string
	mobileCA  string
	phones    string
	name      string
	trust     string
	makers    string
	lang      string
	converter string
	open      instance.Request
}

func main() {
	if apart.Asked(os.Args[1:]) {
		os.Exit(apart.Main(os.Stdin, os.Stdout))
	}
	var o options
	flag.BoolVar(&o.demo, "demo", false, "bring an embedded platform, both parties' keys and a sample contract along")
	flag.StringVar(&o.work, "work", "", "folder of the demo")
	flag.StringVar(&o.algorithm, "algorithm", string(ca.SM2), "kind of the demo's keys: rsa, ecdsa or sm2")
	flag.StringVar(&o.order, "order", "", "how the demo's contracts are made: seal_first (one side seals and sends) or review_first (both agree, then seal)")
	flag.StringVar(&o.platform, "platform", "", "address of the trading platform, or the name of one that is kept")
	flag.StringVar(&o.mobileCA, "mobile-ca", "", "address of the mobile CA that goes with it")
	flag.StringVar(&o.phones, "phones", "", "address on which the demo's mobile CA listens for phones: 127.0.0.1:8444 for a browser of this computer, 0.0.0.0:8444 for phones; empty: the demo has none")
	flag.StringVar(&o.name, "platform-name", "", "what the platform calls itself")
	flag.StringVar(&o.trust, "trust", "", "PEM file of the certificate authorities to trust")
	flag.StringVar(&o.makers, "makers", "", "PEM file of the makers of electronic seals to trust")
	flag.StringVar(&o.lang, "lang", "", "language, such as zh-CN or en; empty: the one of the settings, or the system's")
	flag.StringVar(&o.converter, "converter", os.Getenv("SEALDESK_CONVERTER"), "program that converts Word documents (soffice); empty: it is looked for")
	flag.Parse()
	request, err := requested(flag.Args())
	if err != nil || o.order != "" && (!o.demo || !platformapi.SealOrder(o.order).Valid()) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		flag.Usage()
		os.Exit(2)
	}
	o.open = request
	if o.demo && o.work == "" {
		folders, err := desk.SystemFolders("sealdesk-demo")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(5)
		}
		o.work = folders.Data
	}
	os.Exit(run(context.Background(), o, os.Stderr))
}

// run opens the window and comes back when it was closed.
func run(ctx context.Context, o options, stderr io.Writer) int {
	catalog, err := speak(o, os.Getenv)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 5
	}
	first, err := claim(ctx, o)
	if errors.Is(err, instance.ErrOther) {
		fmt.Fprintln(stderr, catalog.T("arrive.elsewhere"))
		return 0
	}
	if first != nil {
		defer first.Close()
	}
	config, closeWorld, err := configure(ctx, o)
	if err != nil {
		return complain(catalog, err, stderr)
	}
	defer closeWorld()
	config.Cleaner = &cleancopy.Cleaner{PDF: apart.Process{CacheDir: filepath.Join(config.Folders.Cache, "pdf-engine")}}
	config.Words, config.Program = catalog, checkup.ThisProgram("sealdesk", version)
	config.Converter = o.converter
	if config.Updates, err = updateSource(); err != nil {
		return complain(catalog, err, stderr)
	}
	if ring, ok := keyring.Chosen(os.Getenv); ok {
		config.Keyring = ring
	}
	var opened *desk.Desk
	defer func() {
		if opened != nil {
			_ = opened.Close()
		}
	}()
	open := func(ctx context.Context) (*desk.Desk, error) { return desk.Open(ctx, config) }
	d, err := open(ctx)
	a := newApp()
	show := func(d *desk.Desk) *pages.Window {
		opened = d
		w := pages.New(a, d)
		w.Fyne().Show()
		return w
	}
	begin := func(w *pages.Window) {
		fit(w.Fyne())
		probe(w.Fyne())
		w.Arrive(o.open.Files, o.open.Link)
		if first == nil {
			return
		}
		go func() {
			for r := range first.Requests() {
				fyne.Do(func() { w.Again(r.Files, r.Link) })
			}
		}()
	}
	if err == nil {
		w := show(d)
		a.Lifecycle().SetOnStarted(func() { begin(w) })
	} else {
		fmt.Fprintln(stderr, catalog.Problem(err))
		shut.New(a, catalog, err, open, func(d *desk.Desk) { begin(show(d)) }).Fyne().Show()
	}
	a.Run()
	return 0
}

// configure finds what the desk works with: the demo's world, or this person's keys and platform.
func configure(ctx context.Context, o options) (desk.Config, func(), error) {
	if o.demo {
		options := demo.Options{Work: o.work, Algorithm: ca.Algorithm(o.algorithm), Order: platformapi.SealOrder(o.order), MobileListen: o.phones}
		if o.phones != "" {
			options.Console = os.Stdout
		}
		world, err := demo.Open(ctx, options)
		if err != nil {
			return desk.Config{}, nil, err
		}
		var phone desk.DemoPhone
		if o.mobileCA == "" && world.MobileCA != "" {
			o.mobileCA, phone = world.MobileCA, desk.DemoPhone{Address: world.MobileCA, Number: demo.MobileNumber}
		}
		var roots *x509.CertPool
		if world.MobileRoot != nil {
			roots = x509.NewCertPool()
			roots.AppendCertsFromPEM(world.MobileRoot)
		}
		return desk.Config{
			Folders: world.Folders, Drivers: world.Drivers, PlatformName: demo.PlatformName, Connect: world.Connect,
			Roots: world.Roots, Makers: world.Makers, Documents: world.Documents, DemoPINs: world.PINs,
			PlatformStamps: world.TSA, PlatformURL: world.URL, DemoAccount: desk.DemoAccount{Name: demo.AccountName, Password: demo.AccountPassword},
			DemoPhone: phone, MobileCA: o.mobileCA, MobileRoots: roots,
		}, func() { _ = world.Close() }, nil
	}
	folders, err := desk.SystemFolders("sealdesk")
	if err != nil {
		return desk.Config{}, nil, err
	}
	keys, err := soft.Open(filepath.Join(folders.Data, "keys"))
	if err != nil {
		return desk.Config{}, nil, err
	}
	// A damaged list of libraries is told of by the page of keys; it hides no others.
	found, _ := libraries.Open(libraries.Options{Own: filepath.Join(folders.Data, libraries.FileName), Preset: platforms.Guarded(os.Getenv, libraries.FileName)})
	config := desk.Config{Folders: folders, Drivers: []token.Driver{keys}, Libraries: found, PlatformName: o.name}
	if config.PlatformName == "" {
		config.PlatformName = o.platform
	}
	if o.trust != "" {
		if config.Roots, err = desk.ReadRoots(o.trust); err != nil {
			return desk.Config{}, nil, err
		}
	}
	if o.makers != "" {
		if config.Makers, err = desk.ReadRoots(o.makers); err != nil {
			return desk.Config{}, nil, err
		}
	}
	for name, trusted := range map[string]*[]*smx509.Certificate{desk.RootsFolder: &config.Roots, desk.MakersFolder: &config.Makers} {
		always, err := desk.TrustedAlways(name, folders.Data, platforms.Guarded(os.Getenv, ""))
		if err != nil {
			return desk.Config{}, nil, err
		}
		*trusted = append(*trusted, always...)
	}
	if config.Book, err = platforms.Open(folders.Data, platforms.PresetFile(os.Getenv)); err != nil {
		return desk.Config{}, nil, err
	}
	if p, ok := config.Book.Find(o.platform); ok {
		config.Platform = p.ID()
	} else if o.platform != "" {
		config.PlatformStamps = strings.TrimSuffix(o.platform, "/") + "/tsa"
		config.Connect = func(ctx context.Context, key desk.PlatformKey) (platformapi.Platform, error) {
			return client.Login(ctx, o.platform, key.Signer, key.Chain, client.Options{Proxy: key.Proxy, Keeper: key.Keeper})
		}
		config.PlatformURL, config.MobileCA = o.platform, o.mobileCA
		config.Resume = func(ctx context.Context, secret []byte, proxy client.Proxy, keep desk.Keeper) (platformapi.Platform, error) {
			c, err := client.New(o.platform, client.Options{Proxy: proxy, Keeper: keep})
			if err != nil {
				return nil, err
			}
			_, err = c.Resume(ctx, secret)
			return c, err
		}
	}
	return config, func() { _ = found.Close() }, nil
}
