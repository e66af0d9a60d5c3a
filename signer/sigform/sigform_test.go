package sigform

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
)

func TestDefault(t *testing.T) {
	table := Default()
	for sub, want := range map[string]Value{
		"ETSI.CAdES.detached": CMS, "adbe.pkcs7.detached": CMS, "adbe.pkcs7.sha1": CMS, "adbe.x509.rsa_sha1": PKCS1, "GM.SM2": GMCMS, "GM.sm2cms.detached": GMCMS, "GM.sm2seal": Seal,
	} {
		if f, ok := table.BySubFilter(sub); !ok || f.Value != want {
			t.Errorf("%s: %+v", sub, f)
		}
	}
	if f, _ := table.BySubFilter("adbe.x509.rsa_sha1"); !f.ReadOnly() {
		t.Error("bare RSA signatures are made")
	}
	for v, want := range map[Value]string{CMS: "pades", GMCMS: "gm", Seal: "seal"} {
		if f, err := table.For(v); err != nil || f.Name != want {
			t.Errorf("for %s: %+v %v", v, f, err)
		}
	}
}

func TestAProfileComesFirst(t *testing.T) {
	profile, err := Read(strings.NewReader(`[{"name":"seal","filter":"X.Lite","subFilter":"X.seal","value":"seal"}]`))
	if err != nil {
		t.Fatal(err)
	}
	table := Default().With(profile)
	if f, err := table.For(Seal); err != nil || f.SubFilter != "X.seal" {
		t.Errorf("%+v %v", f, err)
	}
	if _, ok := table.BySubFilter("GM.sm2seal"); ok {
		t.Error("the form that was replaced is still there")
	}
	if f, err := table.Named("pades"); err != nil || f.Filter != "Adobe.PPKLite" {
		t.Errorf("%+v %v", f, err)
	}
	var e *Error
	if _, err := table.Named("nothing"); !errors.As(err, &e) || e.Code() != "sigform.unknown" || e.Params()["form"] != "nothing" {
		t.Errorf("%v", err)
	}
}

func TestProfilesThatAreRefused(t *testing.T) {
	const good = `{"name":"a","filter":"F","subFilter":"S","value":"cms"}`
	different := func(n int) (forms []string) {
		for i := range n {
			forms = append(forms, strings.NewReplacer(`"a"`, fmt.Sprintf(`"a%d"`, i), `"S"`, fmt.Sprintf(`"S%d"`, i)).Replace(good))
		}
		return forms
	}
	if table, err := Read(strings.NewReader("[" + strings.Join(different(64), ",") + "]")); err != nil || len(table) != 64 {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":                    "",
		"no forms":                   "[]",
		"an object":                  good,
		"cut off":                    "[" + good,
		"something behind":           "[" + good + "] []",
		"an unknown entry":           strings.Replace("["+good+"]", `"name"`, `"nick":1,"name"`, 1),
		"an unknown value":           strings.Replace("["+good+"]", `"cms"`, `"pgp"`, 1),
		"no filter":                  strings.Replace("["+good+"]", `"F"`, `""`, 1),
		"a filter with spaces":       strings.Replace("["+good+"]", `"F"`, `"F /X"`, 1),
		"a filter beyond":            strings.Replace("["+good+"]", `"F"`, `"国密"`, 1),
		"the same twice":             "[" + good + "," + good + "]",
		"a bare value with a digest": strings.Replace("["+good+"]", `"cms"`, `"pkcs1","digestInside":true`, 1),
		"a seal with a digest":       strings.Replace("["+good+"]", `"cms"`, `"seal","digestInside":true`, 1),
		"a seal that names":          strings.Replace("["+good+"]", `"cms"`, `"seal","namesCertificate":true`, 1),
		"a seal with a SHA-1":        strings.Replace("["+good+"]", `"cms"`, `"seal","sha1Inside":true`, 1),
		"a long name":                strings.Replace("["+good+"]", `"a"`, `"`+strings.Repeat("a", 128)+`"`, 1),
		"the same under two names":   "[" + good + "," + strings.Replace(good, `"a"`, `"b"`, 1) + "]",
		"too many":                   "[" + strings.Join(different(65), ",") + "]",
		"too long":                   "[" + good + strings.Repeat(" ", 64<<10) + "]",
	} {
		var e *Error
		if _, err := Read(strings.NewReader(text)); !errors.As(err, &e) || e.Kind != Malformed {
			t.Errorf("%s: %v", name, err)
		} else if e.Code() != "sigform.malformed" || e.Params()["detail"] != e.Detail {
			t.Errorf("%s: %s %v", name, e.Code(), e.Params())
		}
	}
	lost := errors.New("the disk is gone")
	if _, err := Read(iotest.ErrReader(lost)); !errors.Is(err, lost) {
		t.Errorf("a profile that cannot be read: %v", err)
	}
	// What is only read is not made.
	table, err := Read(strings.NewReader("[" + strings.Replace(good, `"cms"`, `"cms","digestInside":true`, 1) + "]"))
	if err != nil {
		t.Fatal(err)
	}
	var e *Error
	if f, err := table.For(CMS); !errors.As(err, &e) || e.Kind != Unknown {
		t.Errorf("%+v %v", f, err)
	}
}

func TestScope(t *testing.T) {
	s := Scope{"合同 章", [4]int64{0, 10, 20, 30}}
	const want = "PDF ByteRange=[0 10 20 30] Field=%E5%90%88%E5%90%8C+%E7%AB%A0"
	if got := s.String(); got != want || !Written(got) {
		t.Errorf("%q", got)
	}
	if Written("Doc_0/Signs/Sign_0/Signature.xml") {
		t.Error("another writer's words are taken for ours")
	}
}
