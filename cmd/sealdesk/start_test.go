package main

import (
	"path/filepath"
	"reflect"
	"testing"

	"sealdesk/cmd/sealdesk/instance"
)

func TestArgumentsAreFilesAndALink(t *testing.T) {
	here, err := filepath.Abs("合同.pdf")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want instance.Request
		ok   bool
	}{
		{nil, instance.Request{}, true},
		{[]string{"合同.pdf"}, instance.Request{Files: []string{here}}, true},
		{[]string{"file:///tmp/a%20b.pdf"}, instance.Request{Files: []string{"/tmp/a b.pdf"}}, true},
		{[]string{"SEALDESK://a.cn/x"}, instance.Request{Link: "SEALDESK://a.cn/x"}, true},
		{[]string{"file://server/a.pdf"}, instance.Request{}, false},
		{[]string{"a.pdf", "-demo"}, instance.Request{}, false},
	} {
		got, err := requested(tt.args)
		if (err == nil) != tt.ok || tt.ok && !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: %+v, %v", tt.args, got, err)
		}
	}
}

func TestFileOf(t *testing.T) {
	for _, tt := range []struct{ address, system, want string }{
		{"file:///tmp/a%20b.pdf", "linux", "/tmp/a b.pdf"},
		{"file:/tmp/a.pdf", "linux", "/tmp/a.pdf"},
		{"file://localhost/tmp/a.pdf", "darwin", "/tmp/a.pdf"},
		{"file:///C:/a.pdf", "linux", "/C:/a.pdf"},
		{"file://server/a.pdf", "linux", ""},
		{"file:a.pdf", "linux", ""},
		{"file:", "linux", ""},
		{"file:///%zz", "linux", ""},
		{"file:///C:/Users/%E5%BC%A0/a%20b.pdf", "windows", `C:\Users\张\a b.pdf`},
		{"file:/c:/a.pdf", "windows", `c:\a.pdf`},
		{"file://localhost/C:/a.pdf", "windows", `C:\a.pdf`},
		{"file:///C:%5Ca.pdf", "windows", `C:\a.pdf`},
		{"file:///C:a.pdf", "windows", ""}, // of the drive's current folder, whichever that is
		{"file:///C:", "windows", ""},
		{"file:////server/share/a.pdf", "windows", ""},
		{"file://server/share/a.pdf", "windows", ""},
		{"file:///tmp/a.pdf", "windows", ""},
		{"file:///1:/a.pdf", "windows", ""},
		{"file:///", "windows", ""},
	} {
		if got, ok := fileOf(tt.address, tt.system); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s on %s: %q, %t, want %q", tt.address, tt.system, got, ok, tt.want)
		}
	}
}
