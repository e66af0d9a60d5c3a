// Command sealdesk is the desktop client: it signs government procurement contracts and carries them to the trading
// platform. With --demo it brings the platform, both parties' keys and a sample contract along.
package main

import (
	"context"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2/app"

	"sealdesk/assets/i18n"
	"sealdesk/cmd/internal/demo"
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
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages"
	"sealdesk/ui/theme"
)

// appID is the program's name in reverse-DNS form, the same wherever a system asks for one.
const appID = "cn.sealdesk.SealDesk"

// version is set by the build of a release.
var version = ""

type options struct {
	demo      bool
	work      string
	algorithm string
	platform  string
	mobileCA  string
	name      string
	trust     string
	makers    string
	lang      string
	converter string
}

func main() {
	if apart.Asked(os.Args[1:]) {
		os.Exit(apart.Main(os.Stdin, os.Stdout))
	}
	var o options
	flag.BoolVar(&o.demo, "demo", false, "bring an embedded platform, both parties' keys and a sample contract along")
	flag.StringVar(&o.work, "work", "", "folder of the demo")
	flag.StringVar(&o.algorithm, "algorithm", string(ca.SM2), "kind of the demo's keys: rsa, ecdsa or sm2")
	flag.StringVar(&o.platform, "platform", "", "address of the trading platform, or the name of one that is kept")
	flag.StringVar(&o.mobileCA, "mobile-ca", "", "address of the mobile CA that goes with it")
	flag.StringVar(&o.name, "platform-name", "", "what the platform calls itself")
	flag.StringVar(&o.trust, "trust", "", "PEM file of the certificate authorities to trust")
	flag.StringVar(&o.makers, "makers", "", "PEM file of the makers of electronic seals to trust")
	flag.StringVar(&o.lang, "lang", words.FromEnvironment(os.Getenv), "language: zh-CN or en")
	flag.StringVar(&o.converter, "converter", os.Getenv("SEALDESK_CONVERTER"), "program that converts Word documents (soffice); empty: it is looked for")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	os.Exit(run(context.Background(), o, os.Stderr))
}

// run opens the window and comes back when it was closed.
func run(ctx context.Context, o options, stderr io.Writer) int {
	catalog, err := words.New(i18n.Files, o.lang)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 5
	}
	config, closeWorld, err := configure(ctx, o)
	if err != nil {
		fmt.Fprintln(stderr, catalog.Problem(err))
		return 5
	}
	defer closeWorld()
	config.Cleaner = &cleancopy.Cleaner{PDF: apart.Process{CacheDir: filepath.Join(config.Folders.Cache, "pdf-engine")}}
	config.Words, config.Program = catalog, checkup.ThisProgram("sealdesk", version)
	config.Converter = o.converter
	if ring, ok := keyring.Chosen(os.Getenv); ok {
		config.Keyring = ring
	}
	d, err := desk.Open(ctx, config)
	if err != nil {
		fmt.Fprintln(stderr, catalog.Problem(err))
		return 5
	}
	defer d.Close()

	a := app.NewWithID(appID)
	a.Settings().SetTheme(theme.New())
	w := pages.New(a, d)
	w.Fyne().Show()
	a.Lifecycle().SetOnStarted(func() { probe(w.Fyne()) })
	a.Run()
	return 0
}

// configure finds what the desk works with: the demo's world, or this person's keys and platform.
func configure(ctx context.Context, o options) (desk.Config, func(), error) {
	if o.demo {
		if o.work == "" {
			folders, err := desk.SystemFolders("sealdesk-demo")
			if err != nil {
				return desk.Config{}, nil, err
			}
			o.work = folders.Data
		}
		world, err := demo.Open(ctx, demo.Options{Work: o.work, Algorithm: ca.Algorithm(o.algorithm)})
		if err != nil {
			return desk.Config{}, nil, err
		}
		if o.mobileCA == "" {
			o.mobileCA = world.MobileCA
		}
		var roots *x509.CertPool
		if world.MobileRoot != nil {
			roots = x509.NewCertPool()
			roots.AppendCertsFromPEM(world.MobileRoot)
		}
		return desk.Config{
			Folders: world.Folders, Drivers: world.Drivers, PlatformName: demo.PlatformName, Connect: world.Connect,
			Roots: world.Roots, Makers: world.Makers, Documents: world.Documents, DemoPINs: world.PINs,
			PlatformStamps: world.TSA, PlatformURL: world.URL, MobileCA: o.mobileCA, MobileRoots: roots,
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
	// A damaged list of the person's own libraries is told of by the page of keys; it hides no others.
	found, _ := libraries.Open(libraries.Options{Own: filepath.Join(folders.Data, "libraries.json")})
	config := desk.Config{Folders: folders, Drivers: []token.Driver{keys}, Libraries: found, PlatformName: o.name}
	if config.PlatformName == "" {
		config.PlatformName = o.platform
	}
	if o.trust != "" {
		if config.Roots, err = desk.ReadRoots(o.trust); err != nil {
			return desk.Config{}, nil, err
		}
	}
	if own := folders.RootsFolder(); exists(own) {
		roots, err := desk.ReadRoots(own)
		if err != nil {
			return desk.Config{}, nil, err
		}
		config.Roots = append(config.Roots, roots...)
	}
	if o.makers != "" {
		if config.Makers, err = desk.ReadRoots(o.makers); err != nil {
			return desk.Config{}, nil, err
		}
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

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
