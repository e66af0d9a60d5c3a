package profile

import (
	"slices"
	"testing"
)

func TestVariablesThatALibrarySees(t *testing.T) {
	environ := []string{"SOFTHSM2_CONF=/a", "LD_PRELOAD=/b", "GODEBUG=x", "VENDOR_HOME=/c", "PATH=/d"}
	for name, tt := range map[string]struct{ names, want []string }{
		"none":  {nil, []string{}},
		"named": {[]string{"SOFTHSM2_CONF", "ABSENT"}, []string{"SOFTHSM2_CONF=/a"}},
		"all":   {[]string{"*"}, []string{"SOFTHSM2_CONF=/a", "VENDOR_HOME=/c"}},
	} {
		if got := (Profile{Environment: tt.names}).Variables(environ); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	table, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []Interface{InterfacePKCS11, InterfaceSKF} {
		if p := table.Unknown(i); p.check() != nil || len(p.Variables(environ)) != 2 {
			t.Errorf("an unknown library of %s sees %q, %v", i, p.Variables(environ), p.check())
		}
	}
}
