package proxy

import (
	"net/url"
	"testing"
)

func TestGNOMEsSettings(t *testing.T) {
	const lines = `org.gnome.system.proxy autoconfig-url ''
org.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8', '*.intra.cn']
org.gnome.system.proxy mode 'manual'
org.gnome.system.proxy.http host ''
org.gnome.system.proxy.https host '10.0.0.1'
org.gnome.system.proxy.https port 3128
`
	c, ok := fromGSettings(lines)
	if !ok {
		t.Fatal("not read")
	}
	for to, want := range map[string]string{"https://a.example.cn": "http://10.0.0.1:3128", "https://x.intra.cn": "", "https://127.0.0.9": ""} {
		u, _ := url.Parse(to)
		if got, err := c.ProxyFunc()(u); err != nil || text(got) != want {
			t.Errorf("%s: %s, %v", to, text(got), err)
		}
	}
	for _, off := range []string{"", "org.gnome.system.proxy mode 'none'\norg.gnome.system.proxy.https host 'a'\norg.gnome.system.proxy.https port 1"} {
		if c, ok := fromGSettings(off); ok {
			t.Errorf("%q: %+v", off, c)
		}
	}
}
