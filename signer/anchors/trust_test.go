package anchors

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms/cmstest"
)

// plist is trust settings as macOS exports them, of certificates by their fingerprints.
func plist(entries ...string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>trustList</key><dict>` + strings.Join(entries, "\n") + `</dict><key>trustVersion</key><integer>1</integer></dict></plist>`)
}

// entry is what is said of a certificate; constraints "-" leaves them out.
func entry(c *smx509.Certificate, constraints string) string {
	settings := "<key>trustSettings</key><array>" + constraints + "</array>"
	if constraints == "-" {
		settings = ""
	}
	return fmt.Sprintf("<key>%s</key><dict><key>issuerName</key><data>MAA=</data><key>modDate</key><date>2026-01-02T03:04:05Z</date>%s</dict>", fingerprint(c), settings)
}

func result(n int) string {
	return fmt.Sprintf("<dict><key>kSecTrustSettingsResult</key><integer>%d</integer></dict>", n)
}

func policy(name string, n int) string {
	return fmt.Sprintf("<dict><key>kSecTrustSettingsPolicy</key><data>KoZIhvdjZAED</data><key>kSecTrustSettingsPolicyName</key><string>%s</string>"+
		"<key>kSecTrustSettingsResult</key>\n<integer>%d</integer></dict>", name, n)
}

// What lies in a keychain is believed only if the system came with it or was told to trust it, and not where it was told not to.
func TestWhatMacOSBelieves(t *testing.T) {
	c := cmstest.New(t, "ecdsa", cmstest.Options{}).Root
	const none = "none"
	for _, tt := range []struct {
		name          string
		came          bool
		admin, person string
		want          bool
	}{
		{"it came with the system", true, none, none, true},
		{"it only lies there", false, none, none, false},
		{"trusted for all", false, "", none, true},
		{"trusted for all, in few words", false, "-", none, true},
		{"a root", false, result(1), none, true},
		{"as a root", false, result(2), none, true},
		{"nothing is said", false, "<dict/>", none, true},
		{"unspecified", false, result(4), none, false},
		{"for TLS", false, policy("sslServer", 1), none, true},
		{"for X.509", false, policy("CodeSigning", 1) + policy("basicX509", 1), none, true},
		{"for programs alone", false, policy("CodeSigning", 1), none, false},
		{"denied", true, result(3), none, false},
		{"denied for one thing", true, policy("sslServer", 1) + policy("SMIME", 3), none, false},
		{"denied by the person", true, none, result(3), false},
		{"denied by the person alone", false, result(1), result(3), false},
		{"trusted by the person alone", false, none, result(1), false},
	} {
		var read [2]trustSettings
		for i, said := range []string{tt.admin, tt.person} {
			if said == none {
				continue
			}
			var err error
			if read[i], err = parseTrust(plist(entry(c, said))); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
		}
		var builtIn []*smx509.Certificate
		if tt.came {
			builtIn = append(builtIn, c)
		}
		if got := believed([]*smx509.Certificate{c}, builtIn, read[0], read[1]); (len(got) == 1) != tt.want {
			t.Errorf("%s: %d are believed", tt.name, len(got))
		}
	}
}

func TestTrustSettingsThatAreNone(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "no XML": "bplist00", "no dictionary": "<plist><array/></plist>", "no list": "<plist><dict/></plist>", "an ended list": "<plist></plist>",
		"cut off": string(plist())[:200], "a list of texts": "<plist><dict><key>trustList</key><dict><key>AA</key><string/></dict></dict></plist>",
		"a value without a key": "<plist><dict><string/></dict></plist>", "a key without a value": "<plist><dict><key>trustList</key></dict></plist>",
		"nested without end": "<plist><dict><key>a</key>" + strings.Repeat("<array>", 100000),
	} {
		if got, err := parseTrust([]byte(text)); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzTrustSettings(f *testing.F) {
	f.Add(plist())
	f.Add([]byte("<plist><dict><key>trustList</key><dict><key>AA</key><dict><key>trustSettings</key><array>" + result(1) + policy("SMIME", 3) + "</array></dict></dict></dict></plist>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if settings, err := parseTrust(data); (err == nil) != (settings != nil) {
			t.Errorf("%v, %v", settings, err)
		}
	})
}

// A root that Windows disallows is left out, and no other.
func TestWithout(t *testing.T) {
	a, b, c := cmstest.New(t, "rsa", cmstest.Options{}).Root, cmstest.New(t, "sm2", cmstest.Options{}).Root, cmstest.New(t, "ecdsa", cmstest.Options{}).Root
	if got := without([]*smx509.Certificate{a, b}, []*smx509.Certificate{c, b}); len(got) != 1 || !got[0].Equal(a) {
		t.Errorf("%d are left", len(got))
	}
	if got := without([]*smx509.Certificate{a, b}, nil); len(got) != 2 {
		t.Errorf("%d are left", len(got))
	}
}
