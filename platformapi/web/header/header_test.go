package header_test

import (
	"errors"
	"strings"
	"testing"

	"sealdesk/platformapi/web/header"
)

func TestParseKey(t *testing.T) {
	for in, want := range map[string]string{
		`"0192f3a4-key"`:   "0192f3a4-key",
		`0192f3a4-key`:     "0192f3a4-key",
		` "0192f3a4-key" `: "0192f3a4-key",
		`"a\"b\\cdefgh"`:   `a"b\cdefgh`,
	} {
		if got, err := header.ParseKey(in); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{`"short"`, `short`, `"0192f3a4-key`, `"0192f3a4"-key"`, `"0192f3a4\key"`, "\"0192\x0063a4-key\"", `0192f3a4 key`,
		`"密钥密钥密钥密钥"`, `"` + strings.Repeat("a", 101) + `"`, `"0192f3a4-key";a=1`, `"`, `"\`} {
		if got, err := header.ParseKey(in); !errors.Is(err, header.ErrMalformed) {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
	if _, err := header.ParseKey("  "); !errors.Is(err, header.ErrMissing) {
		t.Errorf("nothing: %v", err)
	}
}

func TestParseIfMatch(t *testing.T) {
	id := "018f0000-0000-7000-8000-000000000001"
	for in, want := range map[string]int64{
		header.FormatETag(id, 7): 7, `"c-other-7"`: -1, `"c-` + id + `-07"`: -1, `"c-` + id + `-0"`: -1, `"c-` + id + `--7"`: -1, `"c-` + id + `-+7"`: -1,
	} {
		if got, err := header.ParseIfMatch(in, id); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"*", `W/"c-1"`, `"`, `a`} {
		if _, err := header.ParseIfMatch(in, id); !errors.Is(err, header.ErrMalformed) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestParseDigest(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	good, err := header.FormatDigest(sum)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{good, "sha-512=:AAAA:, " + good} {
		if got, err := header.ParseDigest(in); err != nil || got != sum {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "sha-256=abc", "sha-256=:AAAA:", "md5=:AAAA:", good + ", " + good, strings.TrimSuffix(good, ":"), "sha-256"} {
		if got, err := header.ParseDigest(in); !errors.Is(err, header.ErrMalformed) {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	if _, err := header.FormatDigest("xyz"); err == nil {
		t.Error("a digest that is none")
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(`"0192f3a4-key"`)
	f.Add(`"a\"b\\cdefgh"`)
	f.Add(`bare-key-0`)
	f.Fuzz(func(t *testing.T, in string) {
		key, err := header.ParseKey(in)
		if err != nil {
			return
		}
		if again, err := header.ParseKey(header.FormatKey(key)); err != nil || again != key {
			t.Errorf("%q is read as %q and back as %q, %v", in, key, again, err)
		}
	})
}

func FuzzParseDigest(f *testing.F) {
	f.Add("sha-256=:q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=:")
	f.Add("sha-512=:AAAA:, sha-256=:AAAA:")
	f.Fuzz(func(t *testing.T, in string) {
		sum, err := header.ParseDigest(in)
		if err != nil {
			return
		}
		out, err := header.FormatDigest(sum)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := header.ParseDigest(out); err != nil || again != sum {
			t.Errorf("%q is read as %s and back as %s, %v", in, sum, again, err)
		}
	})
}

func TestToken(t *testing.T) {
	for in, want := range map[string]string{"DPoP x": "x", "dpop  x ": "x", "Bearer x": "", "Basic x": "", "": "", "DPoP": ""} {
		if got := header.Token(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
