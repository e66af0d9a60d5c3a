package uri

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, in string
		want     URI
		print    string
	}{
		{"pkcs11 with a module in its path", "pkcs11:module-path=/usr/lib/softhsm/libsofthsm2.so;token=buyer?pin-source=file:pin.txt",
			URI{"pkcs11", Attributes{"module-path": "/usr/lib/softhsm/libsofthsm2.so", "token": "buyer"}, Attributes{"pin-source": "file:pin.txt"}},
			"pkcs11:module-path=/usr/lib/softhsm/libsofthsm2.so;token=buyer?pin-source=file:pin.txt"},
		{"module in the query, as RFC 7512 has it", "pkcs11:token=b?module-path=/m.so&pin-source=file:p",
			URI{"pkcs11", Attributes{"token": "b"}, Attributes{"module-path": "/m.so", "pin-source": "file:p"}},
			"pkcs11:token=b?module-path=/m.so&pin-source=file:p"},
		{"order does not matter", "soft:object=sign;token=buyer",
			URI{"soft", Attributes{"token": "buyer", "object": "sign"}, Attributes{}}, "soft:token=buyer;object=sign"},
		{"binary id", "pkcs11:id=%00%FF%3b", URI{"pkcs11", Attributes{"id": "\x00\xff;"}, Attributes{}}, "pkcs11:id=%00%FF%3B"},
		{"Chinese label, typed raw", "skf:token=采购人",
			URI{"skf", Attributes{"token": "采购人"}, Attributes{}}, "skf:token=%E9%87%87%E8%B4%AD%E4%BA%BA"},
		{"empty: any token", "mobileca:", URI{"mobileca", Attributes{}, Attributes{}}, "mobileca:"},
		{"value with an equals sign", "soft:token=a=b", URI{"soft", Attributes{"token": "a=b"}, Attributes{}}, "soft:token=a%3Db"},
		{"scheme in capitals", "PKCS11:token=a", URI{"pkcs11", Attributes{"token": "a"}, Attributes{}}, "pkcs11:token=a"},
		{"unknown attributes follow by the alphabet", "soft:zeta=1;x-a=2;token=t",
			URI{"soft", Attributes{"zeta": "1", "x-a": "2", "token": "t"}, Attributes{}}, "soft:token=t;x-a=2;zeta=1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("parsed %+v, want %+v", *got, tt.want)
			}
			if got.String() != tt.print {
				t.Errorf("printed %s, want %s", got, tt.print)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, in, reason string }{
		{"no scheme", "token=a", "no scheme"},
		{"foreign scheme", "https://example.com", "scheme"},
		{"too long", "soft:token=" + strings.Repeat("a", maxLength), "longer"},
		{"too many attributes", "soft:" + strings.Repeat("a=1;", maxAttributes), "more than"},
		{"no value", "soft:token", "name=value"},
		{"no name", "soft:=a", "name=value"},
		{"strange name", "soft:to ken=a", "name=value"},
		{"trailing separator", "soft:token=a;", "name=value"},
		{"twice", "soft:token=a;token=b", "twice"},
		{"on both sides", "soft:token=a?token=b", "both sides"},
		{"empty query", "soft:token=a?", "question mark"},
		{"cut escape", "soft:token=%4", "hex"},
		{"bad escape", "soft:token=%zz", "hex"},
		{"NUL in a label", "soft:token=a%00b", "control"},
		{"line feed in a path", "pkcs11:module-path=a%0Ab", "control"},
		{"PIN in the query", "soft:token=a?pin-value=123456", "PIN"},
		{"PIN in the path", "soft:token=a;pin-value=123456", "PIN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.in)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if !strings.Contains(e.Reason, tt.reason) {
				t.Errorf("reason %q does not speak of %q", e.Reason, tt.reason)
			}
			if strings.Contains(e.Error(), "123456") {
				t.Error("the error repeats the PIN")
			}
		})
	}
	if _, err := Parse("soft:?pin-value=1"); err.(*Error).Code() != "token.uri_pin_value" {
		t.Error("a PIN in a URI has no code of its own")
	}
}

func TestPINFile(t *testing.T) {
	tests := []struct {
		source, want string
		ok           bool
	}{
		{"", "", true},
		{"file:pin.txt", "pin.txt", true},
		{"file:/etc/pin", "/etc/pin", true},
		{"file:///etc/pin", "/etc/pin", true},
		{"file://localhost/etc/pin", "/etc/pin", true},
		{"file://elsewhere/pin", "", false},
		{"file:", "", false},
		{"|/bin/sh -c id", "", false},
		{"pin.txt", "", false},
	}
	for _, tt := range tests {
		u := &URI{Scheme: Soft, Query: Attributes{"pin-source": tt.source}}
		got, err := u.PINFile()
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: got %q, %v", tt.source, got, err)
		}
	}
}

func TestSelects(t *testing.T) {
	token := &URI{Scheme: Soft, Path: Attributes{"token": "buyer", "serial": "01"}}
	tests := []struct {
		in   string
		want bool
	}{
		{"soft:", true},
		{"soft:token=buyer", true},
		{"soft:token=buyer;object=sign;id=%01?pin-source=file:p", true},
		{"soft:token=buyer;serial=02", false},
		{"soft:token=Buyer", false},
		{"soft:model=x", false},
		{"skf:token=buyer", false},
	}
	for _, tt := range tests {
		u, err := Parse(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Selects(token); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.in, got, tt.want)
		}
	}
}

// What is printed is read back as the same, whatever the values hold.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z0-9_-]{0,8}`), 0, 8, rapid.ID[string]).
			Filter(func(s []string) bool { return !strings.Contains(strings.Join(s, " "), "pin-value") }).Draw(t, "names")
		split := rapid.IntRange(0, len(names)).Draw(t, "split")
		u := &URI{Scheme: rapid.SampledFrom([]string{PKCS11, SKF, Soft, MobileCA}).Draw(t, "scheme"), Path: Attributes{}, Query: Attributes{}}
		value := rapid.StringMatching(`[ -~é采-龥]{0,40}`)
		for i, name := range names {
			if i < split {
				u.Path[name] = value.Draw(t, "value")
			} else {
				u.Query[name] = value.Draw(t, "value")
			}
		}
		u.Path["id"] = string(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "id"))
		delete(u.Query, "id")
		back, err := Parse(u.String())
		if err != nil {
			t.Fatalf("%s: %v", u, err)
		}
		if !reflect.DeepEqual(u, back) {
			t.Fatalf("%+v came back as %+v", u, back)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"pkcs11:module-path=/usr/lib/softhsm/libsofthsm2.so;token=buyer?pin-source=file:pin.txt",
		"soft:token=buyer;object=sign", "skf:id=%00%ff", "mobileca:", "soft:token=采购人;a=?b=&c=%25", "soft:?",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := Parse(s)
		if err != nil {
			return
		}
		printed := u.String()
		if len(printed) > 3*maxLength {
			t.Fatalf("%d bytes printed", len(printed))
		}
		// Escaping can make it longer than Parse takes; the rest must come back.
		if len(printed) > maxLength {
			return
		}
		back, err := Parse(printed)
		if err != nil {
			t.Fatalf("%q printed as %q: %v", s, printed, err)
		}
		if !reflect.DeepEqual(u, back) || back.String() != printed {
			t.Fatalf("%q came back as %q", printed, back)
		}
	})
}
