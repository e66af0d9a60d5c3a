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
