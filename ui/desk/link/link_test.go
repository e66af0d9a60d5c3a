package link

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

const id = "2f1c7c8e-0b5e-4c3e-9d3a-1a2b3c4d5e6f"

func TestALinkNamesAContract(t *testing.T) {
	for text, platform := range map[string]string{
		"sealdesk://contracts.example.cn/contracts/" + id:            "https://contracts.example.cn",
		"SealDesk://Contracts.Example.cn:8443/contracts/" + id + "/": "https://contracts.example.cn:8443",
		"sealdesk://10.0.0.5/contracts/" + strings.ToUpper(id):       "https://10.0.0.5",
	} {
		got, err := Parse(text)
		if err != nil || got != (Link{platform, id}) || !Is(text) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestHostileLinksAreNone(t *testing.T) {
	const good = "sealdesk://a.cn/contracts/" + id
	for _, text := range []string{
		"", "sealdesk:", "sealdesk://", "sealdesk:/etc/passwd", "https://a.cn/contracts/" + id, "file:///etc/passwd", " " + good, good + "\n",
		good + "?pin=1", good + "#x", good + "/../../x", good + "//", good + "%00", good + " -demo",
		"sealdesk://u:p@a.cn/contracts/" + id, "sealdesk://a.cn:0/contracts/" + id, "sealdesk://a.cn:/contracts/" + id, "sealdesk://a..cn/contracts/" + id,
		"sealdesk://-a.cn/contracts/" + id, "sealdesk://а.cn/contracts/" + id, "sealdesk://[::1]/contracts/" + id, "sealdesk://a.cn\\@b.cn/contracts/" + id,
		"sealdesk:///contracts/" + id, "sealdesk://a.cn/contracts/../" + id, "sealdesk://a.cn/contracts/%2e%2e", "sealdesk://a.cn/contracts/" + id[1:],
		"sealdesk://a.cn/sign/" + id, "sealdesk://" + strings.Repeat("a", maxLength) + "/contracts/" + id,
	} {
		if got, err := Parse(text); !errors.Is(err, ErrForm) || got != (Link{}) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

// Whatever is read is one host and one contract, in the words of net/url too.
func FuzzParse(f *testing.F) {
	f.Add("sealdesk://contracts.example.cn:8443/contracts/" + id)
	f.Add("sealdesk://a@b/contracts/" + id)
	f.Add("SEALDESK://a%2f/contracts/" + id + "/")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		if err != nil {
			return
		}
		u, err := url.Parse(got.Platform)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || "https://"+u.Host != got.Platform ||
			len(got.Contract) != len(id) || strings.ContainsAny(got.Contract, "/\\.%") {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	})
}
