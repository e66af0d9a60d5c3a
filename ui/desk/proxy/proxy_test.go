package proxy

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
)

func TestTheWayToAServer(t *testing.T) {
	for _, tt := range []struct {
		way    Way
		to     string
		want   string
		broken bool
	}{
		{Way{Choice: None}, "https://a.example.cn", "", false},
		{Way{Choice: Named, Address: "10.0.0.1:3128"}, "https://a.example.cn", "http://10.0.0.1:3128", false},
		{Way{Choice: Named, Address: "https://proxy.example.cn:8443/", User: "王"}, "https://a.example.cn", "https://%E7%8E%8B:secret@proxy.example.cn:8443", false},
		{Way{Choice: Named, Address: "10.0.0.1:3128"}, "http://127.0.0.1:1", "", false},
		{Way{Choice: Named, Address: "10.0.0.1:3128"}, "http://localhost:1", "", false},
		{Way{Choice: Named, Address: ""}, "https://a.example.cn", "", true},
		{Way{Choice: Named, Address: "ftp://a"}, "https://a.example.cn", "", true},
		{Way{Choice: Named, Address: "http://u:p@a:1"}, "https://a.example.cn", "", true},
		{Way{Choice: Named, Address: "http://a:1/x"}, "https://a.example.cn", "", true},
	} {
		r, _ := http.NewRequest(http.MethodGet, tt.to, nil)
		got, err := tt.way.For(r, func() string { return "secret" })
		if errors.Is(err, ErrAddress) != tt.broken || (tt.way.Check() != nil) != tt.broken {
			t.Errorf("%+v: %v, %v", tt.way, err, tt.way.Check())
		}
		if text(got) != tt.want {
			t.Errorf("%+v: %s, not %s", tt.way, text(got), tt.want)
		}
	}
}

func text(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.String()
}

func TestAnotherProxyOrUserHasAnotherPassword(t *testing.T) {
	ways := []Way{{}, {User: "a"}, {Choice: Named, Address: "p:1", User: "a"}, {Choice: Named, Address: "p:2", User: "a"}, {Choice: Named, Address: "p:1", User: "b"}}
	seen := map[string]bool{}
	for _, w := range ways {
		if seen[w.Secret()] {
			t.Errorf("%+v shares its password", w)
		}
		seen[w.Secret()] = true
	}
}
