//go:build linux

package doctor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"sealdesk/assets/i18n"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/doctor"
	"sealdesk/token/libraries"
	"sealdesk/token/pkcs11/softhsmtest"
	"sealdesk/token/profile"
	"sealdesk/token/soft"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
)

// helper is the real program, built once for all tests.
var helper = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tokenhost-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tokenhost")
	if out, err := exec.Command("go", "build", "-o", path, "sealdesk/cmd/tokenhost").CombinedOutput(); err != nil {
		return path, fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	// SoftHSM2 has no token but in the test that makes one.
	dir, err := os.MkdirTemp("", "doctor-")
	if err != nil {
		panic(err)
	}
	conf := filepath.Join(dir, "softhsm2.conf")
	if err := errors.Join(
		os.Mkdir(filepath.Join(dir, "tokens"), 0o700),
		os.WriteFile(conf, []byte("directories.tokendir = "+filepath.Join(dir, "tokens")+"\n"), 0o600),
		os.Setenv(softhsmtest.Variable, conf),
	); err != nil {
		panic(err)
	}
	status := m.Run()
	if path, err := helper(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	_ = os.RemoveAll(dir)
	softhsmtest.Remove()
	os.Exit(status)
}

// product makes an entry for a product that no machine has, so that what is installed here does not matter.
func product(t *testing.T, id, usb string, i profile.Interface, paths ...string) profile.Profile {
	t.Helper()
	p := profile.Profile{
		ID: id, Product: profile.Text{Zh: "试验钥匙" + id, En: "Test key " + id},
		Vendor:    profile.Text{Zh: "厂家" + id, En: "Vendor of " + id},
		Interface: i, Names: []string{"libtestkey*.so", "testkey*.dll"}, USB: []string{usb},
	}
	if len(paths) > 0 {
		p.Paths = map[string][]string{"linux": paths, "darwin": paths}
	}
	if i == profile.InterfaceSKF {
		p.SKF = &profile.SKF{}
	} else {
		p.PKCS11 = &profile.PKCS11{SM2: []profile.SM2{{
			KeyType: 0x84000020, Generate: 0x83000000, Sign: 0x83000000, Decrypt: 0x83000000, Ciphertext: "der",
		}}}
	}
	return p
}

// open gives a set that knows these products beside the usual ones.
func open(t *testing.T, products ...profile.Profile) *libraries.Set {
	t.Helper()
	host, err := helper()
	if err != nil {
		t.Fatal(err)
	}
	dir := softkeytest.Folder(t)
	own := filepath.Join(dir, "libraries.json")
	// A test that gives up root's rights still reads it.
	if err := errors.Join(profile.SaveOwn(own, products), os.Chmod(dir, 0o755), os.Chmod(own, 0o644)); err != nil {
		t.Fatal(err)
	}
	s, err := libraries.Open(libraries.Options{Own: own, Host: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// plug puts a device into the tree of a system.
func plug(t *testing.T, root, name, vendor, product, interfaceClass string) {
	t.Helper()
	at := filepath.Join(root, "sys/bus/usb/devices", name)
	number := strings.TrimPrefix(name, "1-")
	write(t, filepath.Join(at, "idVendor"), vendor+"\n")
	write(t, filepath.Join(at, "idProduct"), product+"\n")
	write(t, filepath.Join(at, "manufacturer"), "Somebody\n")
	write(t, filepath.Join(at, "product"), "Personal phone of Li\x1b[2J\n")
	write(t, filepath.Join(at, "bDeviceClass"), "00\n")
	write(t, filepath.Join(at, "busnum"), "1\n")
	write(t, filepath.Join(at, "devnum"), number+"\n")
	write(t, filepath.Join(at+":1.0", "bInterfaceClass"), interfaceClass+"\n")
	write(t, filepath.Join(root, "dev/bus/usb/001", fmt.Sprintf("%03s", number)), "")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// tree is the file system of a machine with a hub in it.
func tree(t *testing.T) string {
	t.Helper()
	root := softkeytest.Folder(t) // a short path, for the service's socket
	write(t, filepath.Join(root, "sys/bus/usb/devices/usb1/idVendor"), "1d6b\n")
	write(t, filepath.Join(root, "sys/bus/usb/devices/usb1/idProduct"), "0002\n")
	write(t, filepath.Join(root, "sys/bus/usb/devices/usb1/bDeviceClass"), "09\n")
	return root
}

func of(r doctor.Report, step doctor.Step) []doctor.Check {
	return slices.DeleteFunc(slices.Clone(r.Checks), func(c doctor.Check) bool { return c.Step != step })
}

// find gives the one check that has the code.
func find(t *testing.T, r doctor.Report, code string) doctor.Check {
	t.Helper()
	var found []doctor.Check
	for _, c := range r.Checks {
		if c.Code == code {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d checks say %s: %s", len(found), code, text(t, r))
	}
	return found[0]
}

func text(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// texts are the program's words, by language.
var texts = sync.OnceValues(func() (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for _, language := range []string{"zh-CN", "en"} {
		data, err := i18n.Files.ReadFile(language + ".json")
		if err != nil {
			return nil, err
		}
		words := map[string]string{}
		if err := json.Unmarshal(data, &words); err != nil {
			return nil, err
		}
		all[language] = words
	}
	return all, nil
})

// examine examines, and sees that all that is found can be said in both languages.
func examine(t *testing.T, set *libraries.Set, o doctor.Options) doctor.Report {
	t.Helper()
	r := doctor.Examine(t.Context(), set, o)
	all, err := texts()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if c.State == doctor.OK && c.Advice != "" || (c.State == doctor.Warning || c.State == doctor.Broken) && c.Advice == "" {
			t.Errorf("%s is %s, with the advice %q", c.Code, c.State, c.Advice)
		}
		keys := []string{"error." + c.Code + ".what"}
		if c.Advice != "" {
			keys = append(keys, "error."+c.Advice+".do")
		}
		for language, words := range all {
			for _, key := range keys {
				sentence, err := template.New("").Option("missingkey=error").Parse(words[key])
				if err == nil {
					err = sentence.Execute(io.Discard, c.Params)
				}
				if err != nil || words[key] == "" {
					t.Errorf("%s: %s cannot be said: %v", language, key, err)
				}
			}
		}
	}
	return r
}

func TestWayToTheLibrary(t *testing.T) {
	const mouse, card = "03", "0b"
	listen := func(t *testing.T, root string) {
		path := filepath.Join(root, "run/pcscd/pcscd.comm")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
	}
	tests := []struct {
		name   string
		system string
		build  func(t *testing.T, root string)
		want   map[string]doctor.State
		first  string // code of what is broken first
	}{
		{"no bus", "linux", func(t *testing.T, root string) { os.RemoveAll(filepath.Join(root, "sys")) },
			map[string]doctor.State{"doctor.usb_no_bus": doctor.Warning, "doctor.access_no_key": doctor.NotApplicable}, ""},
		{"nothing known", "linux", func(t *testing.T, root string) { plug(t, root, "1-2", "046d", "c077", mouse) },
			map[string]doctor.State{"doctor.usb_none": doctor.Warning, "doctor.access_no_key": doctor.NotApplicable}, ""},
		{"a key without its library", "linux", func(t *testing.T, root string) { plug(t, root, "1-3", "f055", "0001", mouse) },
			map[string]doctor.State{
				"doctor.usb_key": doctor.OK, "doctor.access": doctor.OK, "doctor.key_without_library": doctor.Broken,
			}, "doctor.key_without_library"},
		{"a key without a device file", "linux", func(t *testing.T, root string) {
			plug(t, root, "1-3", "f055", "0001", mouse)
			os.Remove(filepath.Join(root, "dev/bus/usb/001/003"))
		}, map[string]doctor.State{"doctor.usb_key": doctor.OK, "doctor.access_no_node": doctor.Broken}, "doctor.access_no_node"},
		{"a key without a library for this system", "linux",
			func(t *testing.T, root string) { plug(t, root, "1-4", "f056", "0009", mouse) },
			map[string]doctor.State{"doctor.usb_key": doctor.OK, "doctor.key_without_known_library": doctor.Broken},
			"doctor.key_without_known_library"},
		{"a reader, and no service", "linux", func(t *testing.T, root string) { plug(t, root, "1-5", "072f", "90cc", card) },
			map[string]doctor.State{
				"doctor.usb_reader": doctor.OK, "doctor.access_no_key": doctor.NotApplicable, "doctor.service_missing": doctor.Broken,
			}, "doctor.service_missing"},
		{"a reader and the service", "linux", func(t *testing.T, root string) {
			plug(t, root, "1-5", "072f", "90cc", card)
			listen(t, root)
		}, map[string]doctor.State{"doctor.usb_reader": doctor.OK, "doctor.service": doctor.OK}, ""},
		{"no reader and no service", "linux", func(*testing.T, string) {},
			map[string]doctor.State{"doctor.service_missing": doctor.Warning}, ""},
		{"nonsense in the tree", "linux", func(t *testing.T, root string) {
			plug(t, root, "1-6", "f055", "0001", mouse)
			write(t, filepath.Join(root, "sys/bus/usb/devices/1-6/busnum"), "../../etc")
			plug(t, root, "1-7", strings.Repeat("f", 1000), "", mouse)
		}, map[string]doctor.State{"doctor.usb_key": doctor.OK, "doctor.access_no_key": doctor.NotApplicable},
			"doctor.key_without_library"},
		{"Windows", "windows", func(*testing.T, string) {}, map[string]doctor.State{
			"doctor.usb_elsewhere": doctor.NotApplicable, "doctor.access_elsewhere": doctor.NotApplicable,
			"doctor.service_elsewhere": doctor.NotApplicable,
		}, ""},
		{"macOS", "darwin", func(*testing.T, string) {}, map[string]doctor.State{
			"doctor.usb_elsewhere": doctor.NotApplicable, "doctor.access_elsewhere": doctor.NotApplicable,
			"doctor.service_elsewhere": doctor.NotApplicable,
		}, ""},
	}
	absent := product(t, "absent", "f055:0001", profile.InterfaceSKF, "/opt/testkey/lib/libtestkey.so", "/usr/lib/libtestkey.so")
	set := open(t, absent, product(t, "windowsonly", "f056", profile.InterfaceSKF))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := tree(t)
			tt.build(t, root)
			r := examine(t, set, doctor.Options{Root: root, System: tt.system})
			for code, state := range tt.want {
				if c := find(t, r, code); c.State != state {
					t.Errorf("%s is %s, want %s", code, c.State, state)
				}
			}
			if first, ok := r.First(); ok != (tt.first != "") || first.Code != tt.first {
				t.Errorf("broken first is %q, want %q", first.Code, tt.first)
			}
			if s := text(t, r); tt.want["doctor.usb_key"] == "" && strings.Contains(s, "phone") || strings.Contains(s, `\u001b`) {
				t.Errorf("the report names what is no key, or holds what steers a terminal: %s", s)
			}
			steps := []doctor.Step{doctor.USB, doctor.Access, doctor.Service, doctor.Library, doctor.Key, doctor.Certificate}
			order := func(a, b doctor.Check) int { return slices.Index(steps, a.Step) - slices.Index(steps, b.Step) }
			if !slices.IsSortedFunc(r.Checks, order) {
				t.Errorf("the steps are out of order: %s", text(t, r))
			}
		})
	}
}

func TestWhatAMissingLibraryIsToldBy(t *testing.T) {
	root := tree(t)
	plug(t, root, "1-3", "f055", "0001", "03")
	want := []string{"/opt/testkey/lib/libtestkey.so", "/usr/lib/libtestkey.so"}
	set := open(t, product(t, "absent", "f055:0001", profile.InterfaceSKF, want...))
	c := find(t, examine(t, set, doctor.Options{Root: root, System: "linux", English: true}), "doctor.key_without_library")
	for name, want := range map[string]string{
		"product": "Test key absent", "vendor": "Vendor of absent", "names": "libtestkey*.so", "folders": "/opt/testkey/lib, /usr/lib",
	} {
		if c.Params[name] != want {
			t.Errorf("%s is %q, want %q", name, c.Params[name], want)
		}
	}
	if !slices.Equal(c.Looked, want) {
		t.Errorf("looked at %q, want %q", c.Looked, want)
	}
	if c.Advice != "doctor.get_from_vendor" {
		t.Errorf("advice %q", c.Advice)
	}
}

// The keys that take time to make serve every test.
var authority = sync.OnceValues(func() (*ca.Authority, error) { return ca.New(ca.ECDSA, ca.SM2) })

type sealed struct {
	handler   string
	notBefore time.Time
	notAfter  time.Time
	noKey     bool
}

// pair makes a key pair with its certificate.
func pair(t *testing.T, use token.Usage, s sealed) softkey.KeyPair {
	t.Helper()
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	key, err := ca.GenerateKey(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue(ca.Request{
		Subject: ca.Subject{Name: "青川县教育局", Handler: s.handler}, PublicKey: key.Public(), Usage: use,
		NotBefore: s.notBefore, NotAfter: s.notAfter,
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.noKey {
		key = nil
	}
	return softkey.KeyPair{Key: key, Certificate: cert}
}

const (
	keyPIN   = "135792468"
	wrongPIN = "000000000"
	handler  = "欧阳小满"
)

// bench is a software key in a port that is in the tree, with a library that is known.
type bench struct {
	server *softkey.Server
	device *softkey.Device
	set    *libraries.Set
	path   string // of the library
	root   string
}

func newBench(t *testing.T, v softkey.Variant, o softkey.DeviceOptions) bench {
	t.Helper()
	server, path := softkeytest.Start(t, v)
	t.Cleanup(server.Heal)
	o.PIN = []byte(keyPIN)
	if o.Label == "" {
		o.Label = "key of " + handler
	}
	o.Dialect = softkey.Dialect{SM2: &softkey.Longmai}
	device, err := server.Add(o)
	if err != nil {
		t.Fatal(err)
	}
	i := profile.InterfaceSKF
	if v == softkey.PKCS11 {
		i = profile.InterfacePKCS11
	}
	root := tree(t)
	plug(t, root, "1-3", "f055", "0001", "03")
	return bench{server, device, open(t, product(t, "soft", "f055:0001", i, path)), path, root}
}

func (b bench) examine(t *testing.T) doctor.Report {
	t.Helper()
	return examine(t, b.set, doctor.Options{Root: b.root, System: "linux"})
}

// library gives the check of the software key's library.
func (b bench) library(t *testing.T, r doctor.Report) doctor.Check {
	t.Helper()
	for _, c := range of(r, doctor.Library) {
		if c.Params["library"] == b.path {
			return c
		}
	}
	t.Fatalf("no check of %s: %s", b.path, text(t, r))
	return doctor.Check{}
}

func TestAKeyInOrder(t *testing.T) {
	for _, v := range []softkey.Variant{softkey.PKCS11, softkey.SKFLongmai} {
		t.Run(string(v), func(t *testing.T) {
			b := newBench(t, v, softkey.DeviceOptions{Serial: "A1B2C3"})
			whose := sealed{handler: handler}
			if err := b.device.AddContainer("box", pair(t, token.UsageSign, whose), pair(t, token.UsageEncrypt, whose)); err != nil {
				t.Fatal(err)
			}
			r := b.examine(t)
			if first, broken := r.First(); broken {
				t.Fatalf("broken: %+v", first)
			}
			keys, certificates := of(r, doctor.Key), of(r, doctor.Certificate)
			if len(keys) != 1 || keys[0].State != doctor.OK ||
				keys[0].Params["serial"] != "A1B2C3" || keys[0].Params["certificates"] != 2 {
				t.Errorf("key: %s", text(t, keys))
			}
			usages := map[any]bool{}
			for _, c := range certificates {
				usages[c.Params["usage"]] = true
				if c.Code != "doctor.certificate" || c.State != doctor.OK || c.Params["owner"] != "青川县教育局" || c.Params["algorithm"] != "SM2" {
					t.Errorf("certificate: %s", text(t, c))
				}
			}
			if len(certificates) != 2 || !usages["sign"] || !usages["encrypt"] {
				t.Errorf("certificates: %s", text(t, certificates))
			}
			l := b.library(t, r)
			about, _ := l.Params["about"].(string)
			if l.State != doctor.OK || (v == softkey.PKCS11) != strings.Contains(about, "Software USB key") {
				t.Errorf("library: %s", text(t, l))
			}
			if n := b.device.PINs(); n != 0 {
				t.Errorf("%d PINs reached the key", n)
			}
			// The label is somebody's name here, and the certificate has it too.
			if s := text(t, r.WithoutLabels()); strings.Contains(s, handler) {
				t.Errorf("the report without labels names the handler: %s", s)
			}
			if !strings.Contains(text(t, r), "key of "+handler) {
				t.Error("the report lost its label")
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	now := time.Now()
	days := func(n int) time.Time { return now.Add(time.Duration(n)*24*time.Hour + time.Hour) }
	type want struct {
		code   string
		state  doctor.State
		advice string
	}
	tests := []struct {
		name          string
		sign, encrypt *sealed
		second        *sealed // another signing certificate
		want          []want
	}{
		{"61 days", &sealed{notAfter: days(61)}, &sealed{}, nil, []want{
			{"doctor.certificate", doctor.OK, ""}, {"doctor.certificate", doctor.OK, ""}}},
		{"59 days", &sealed{notAfter: days(59)}, &sealed{}, nil, []want{
			{"doctor.certificate_ends", doctor.Warning, "token.certificate_expired"}, {"doctor.certificate", doctor.OK, ""}}},
		{"expired", &sealed{notBefore: days(-40), notAfter: days(-2)}, &sealed{}, nil, []want{
			{"doctor.certificate_expired", doctor.Broken, "token.certificate_expired"}, {"doctor.certificate", doctor.OK, ""}}},
		{"expired and renewed", &sealed{notBefore: days(-40), notAfter: days(-2)}, &sealed{}, &sealed{}, []want{
			{"doctor.certificate_expired", doctor.Warning, "token.certificate_expired"}, {"doctor.certificate", doctor.OK, ""},
			{"doctor.certificate", doctor.OK, ""}}},
		{"not yet valid", &sealed{notBefore: days(3)}, &sealed{}, nil, []want{
			{"doctor.certificate_not_yet_valid", doctor.Broken, "token.certificate_not_yet_valid"},
			{"doctor.certificate", doctor.OK, ""}}},
		{"no private key", &sealed{noKey: true}, &sealed{}, nil, []want{
			{"doctor.certificate_without_key", doctor.Broken, "token.private_key_missing"}, {"doctor.certificate", doctor.OK, ""}}},
		{"no pair", &sealed{}, nil, nil, []want{
			{"doctor.certificate", doctor.OK, ""},
			{"doctor.certificate_without_pair", doctor.Warning, "doctor.certificate_without_pair"}}},
		{"nothing that signs", nil, &sealed{}, nil, []want{
			{"doctor.certificate", doctor.OK, ""}, {"doctor.certificate_none_signs", doctor.Broken, "doctor.certificate_none_signs"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := softkey.PKCS11
			if tt.sign != nil && tt.sign.noKey {
				v = softkey.SKF // PKCS #11 shows private keys after the PIN alone
			}
			b := newBench(t, v, softkey.DeviceOptions{})
			put := func(name string, sign, encrypt *sealed) {
				var both [2]softkey.KeyPair
				if sign != nil {
					both[0] = pair(t, token.UsageSign, *sign)
				}
				if encrypt != nil {
					both[1] = pair(t, token.UsageEncrypt, *encrypt)
				}
				if err := b.device.AddContainer(name, both[0], both[1]); err != nil {
					t.Fatal(err)
				}
			}
			put("one", tt.sign, tt.encrypt)
			if tt.second != nil {
				put("two", tt.second, nil)
			}
			var got []want
			for _, c := range of(b.examine(t), doctor.Certificate) {
				got = append(got, want{c.Code, c.State, c.Advice})
			}
			order := func(a, b want) int { return strings.Compare(a.code+string(a.state), b.code+string(b.state)) }
			slices.SortFunc(got, order)
			slices.SortFunc(tt.want, order)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestTries(t *testing.T) {
	for _, tt := range []struct {
		name         string
		tries, wrong int
		code         string
		state        doctor.State
	}{
		{"fresh", 6, 0, "doctor.key_tries", doctor.OK},
		{"some spent", 6, 2, "doctor.key_tries", doctor.Warning},
		{"one left", 3, 2, "doctor.key_last_try", doctor.Warning},
		{"locked", 2, 2, "doctor.key_locked", doctor.Broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, softkey.SKF, softkey.DeviceOptions{Tries: tt.tries})
			if err := b.device.AddContainer("box", pair(t, token.UsageSign, sealed{}), pair(t, token.UsageEncrypt, sealed{})); err != nil {
				t.Fatal(err)
			}
			d, err := b.set.Driver(b.path, profile.InterfaceSKF)
			if err != nil {
				t.Fatal(err)
			}
			for range tt.wrong {
				tokens, err := d.Tokens(t.Context())
				if err != nil || len(tokens) != 1 {
					t.Fatalf("%d tokens: %v", len(tokens), err)
				}
				if err := tokens[0].Unlock(token.ConfirmLastTry(t.Context()), []byte(wrongPIN)); err == nil {
					t.Fatal("the wrong PIN was taken")
				}
			}
			before := b.device.Tries()
			keys := of(b.examine(t), doctor.Key)
			if len(keys) != 1 || keys[0].Code != tt.code || keys[0].State != tt.state {
				t.Fatalf("got %s, want %s %s", text(t, keys), tt.code, tt.state)
			}
			if tt.wrong < tt.tries && keys[0].Params["tries"] != tt.tries-tt.wrong {
				t.Errorf("tries: %v", keys[0].Params)
			}
			if b.device.Tries() != before {
				t.Errorf("%d tries were spent", before-b.device.Tries())
			}
		})
	}
}

func TestLibrariesThatFail(t *testing.T) {
	t.Run("crashes when it is loaded, until it is set aside", func(t *testing.T) {
		b := newBench(t, softkey.PKCS11, softkey.DeviceOptions{})
		b.server.CrashOnLoad(true)
		r := b.examine(t)
		if c := b.library(t, r); c.Code != "token.library_crashed" || c.State != doctor.Broken || c.Advice != "doctor.library_crashed" {
			t.Fatalf("got %s", text(t, c))
		}
		if first, _ := r.First(); first.Step != doctor.Library {
			t.Errorf("broken first is %s", first.Step)
		}
		d, err := b.set.Driver(b.path, profile.InterfacePKCS11)
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if _, err := d.Tokens(t.Context()); !errors.Is(err, token.ErrRemoved) {
				t.Fatal(err)
			}
		}
		b.server.CrashOnLoad(false)
		c := b.library(t, b.examine(t))
		if c.Code != "token.library_quarantined" || c.Params["crashes"] != 5 || c.Advice != "doctor.library_reenable" {
			t.Fatalf("got %s", text(t, c))
		}
		b.set.Reenable(b.path)
		if c := b.library(t, b.examine(t)); c.State != doctor.OK {
			t.Errorf("after it was enabled again: %s", text(t, c))
		}
	})
	t.Run("crashes when it is asked about itself", func(t *testing.T) {
		b := newBench(t, softkey.PKCS11, softkey.DeviceOptions{})
		b.server.Inject(softkey.Fault{Do: softkey.Crash, Function: "C_GetInfo", Times: 1})
		r := b.examine(t)
		if c := b.library(t, r); c.Code != "doctor.library_crashed" || c.State != doctor.Warning || c.Params["crashes"] != 1 {
			t.Errorf("got %s", text(t, c))
		}
		if len(of(r, doctor.Key)) == 0 {
			t.Error("the key is not told of")
		}
	})
	t.Run("is not needed", func(t *testing.T) {
		b := newBench(t, softkey.PKCS11, softkey.DeviceOptions{})
		spare := filepath.Join(softkeytest.Folder(t), "libspare.so")
		write(t, spare, "nothing")
		b.set = open(t,
			product(t, "soft", "f055:0001", profile.InterfacePKCS11, b.path), product(t, "spare", "f057", profile.InterfaceSKF, spare))
		b.path = spare
		if c := b.library(t, b.examine(t)); c.Code != "token.library_unusable" || c.State != doctor.Warning {
			t.Errorf("with a key in another's port: %s", text(t, c))
		}
		plug(t, b.root, "1-4", "f057", "0001", "03") // now it is
		if c := b.library(t, b.examine(t)); c.State != doctor.Broken {
			t.Errorf("with its own key: %s", text(t, c))
		}
	})
	t.Run("hangs", func(t *testing.T) {
		b := newBench(t, softkey.PKCS11, softkey.DeviceOptions{})
		defer b.server.Inject(softkey.Fault{Do: softkey.Hang, Function: "C_GetSlotList"})()
		start := time.Now()
		c := b.library(t, b.examine(t))
		if c.Code != "token.library_hung" || c.State != doctor.Broken || c.Advice != "doctor.library_crashed" {
			t.Errorf("got %s", text(t, c))
		}
		if took := time.Since(start); took > 14*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("lies where anyone can replace it", func(t *testing.T) {
		b := newBench(t, softkey.PKCS11, softkey.DeviceOptions{})
		if err := os.Chmod(b.path, 0o777); err != nil {
			t.Fatal(err)
		}
		if c := b.library(t, b.examine(t)); c.Code != "token.library_unsafe" || c.State != doctor.Broken {
			t.Errorf("got %s", text(t, c))
		}
	})
	t.Run("is no library", func(t *testing.T) {
		b := newBench(t, softkey.PKCS11, softkey.DeviceOptions{})
		if err := os.WriteFile(b.path, []byte("nothing"), 0o600); err != nil {
			t.Fatal(err)
		}
		if c := b.library(t, b.examine(t)); c.Code != "token.library_not_loaded" || c.State != doctor.Broken || c.Detail == "" {
			t.Errorf("got %s", text(t, c))
		}
	})
	t.Run("does not see the key", func(t *testing.T) {
		b := newBench(t, softkey.PKCS11, softkey.DeviceOptions{})
		b.device.Unplug()
		if c := find(t, b.examine(t), "doctor.key_unseen"); c.State != doctor.Broken || c.Params["library"] != b.path {
			t.Errorf("got %s", text(t, c))
		}
	})
	t.Run("the person's own list is damaged", func(t *testing.T) {
		own := filepath.Join(t.TempDir(), "libraries.json")
		write(t, own, "{")
		set, err := libraries.Open(libraries.Options{Own: own})
		if err == nil {
			t.Fatal("the list was taken")
		}
		if c := find(t, examine(t, set, doctor.Options{Root: tree(t)}), "token.profile_invalid"); c.State != doctor.Broken {
			t.Errorf("got %s", text(t, c))
		}
	})
}

func TestSoftHSM(t *testing.T) {
	before := os.Getenv(softhsmtest.Variable)
	defer os.Setenv(softhsmtest.Variable, before)
	softhsmtest.New(t, ca.ECDSA)
	library, _ := softhsmtest.Library(t)
	r := examine(t, open(t), doctor.Options{Root: tree(t)})
	var about any
	for _, c := range of(r, doctor.Library) {
		if c.Params["library"] == library {
			about = c.Params["about"]
		}
	}
	if s, _ := about.(string); !strings.HasPrefix(s, "2.") || !strings.HasSuffix(s, "SoftHSM") {
		t.Errorf("SoftHSM2 says %q", about)
	}
	key := find(t, r, "doctor.key_uncounted")
	if key.Params["label"] != softhsmtest.Label || key.State != doctor.OK {
		t.Errorf("key: %s", text(t, key))
	}
	if certificates := of(r, doctor.Certificate); len(certificates) != 2 || certificates[0].Params["algorithm"] != "ECDSA" {
		t.Errorf("certificates: %s", text(t, certificates))
	}
}

// Software keys need no library.
func TestOtherKeys(t *testing.T) {
	dir := t.TempDir()
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := soft.Create(dir, soft.Options{
		Label: "mine", Algorithm: ca.ECDSA, PIN: []byte(keyPIN), Issuer: a, Subject: ca.Subject{Name: "青川县教育局"},
		Cost: soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1},
	}); err != nil {
		t.Fatal(err)
	}
	d, err := soft.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := examine(t, open(t), doctor.Options{Root: tree(t), Others: []token.Driver{d}})
	if key := find(t, r, "doctor.key_tries"); key.Params["label"] != "mine" {
		t.Errorf("key: %s", text(t, key))
	}
	if len(of(r, doctor.Certificate)) == 0 {
		t.Error("its certificates are not told of")
	}
}
