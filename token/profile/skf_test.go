package profile

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestSKFForm(t *testing.T) {
	const form = `{"edition":"2010","errors":{"0x0A000029":"pinWrong"},
		"decryptSM2":[{"name":"SKF_PrvKeyDecrypt","signKey":2,"encryptKey":1,
			"arguments":["container","key","input","output","outputSize"]}],
		"hashesAgain":true,"deviceKey":"1234567890123456"}`
	want := SKF{
		Edition: SKF2010, Errors: map[Number]Outcome{0x0A000029: PINWrong}, HashesAgain: true, DeviceKey: "1234567890123456",
		DecryptSM2: []Function{{
			Name: "SKF_PrvKeyDecrypt", SignKey: 2, EncryptKey: 1,
			Arguments: []Argument{Container, Key, Input, Output, OutputSize},
		}},
	}
	var got SKF
	if err := decode([]byte(form), &got); err != nil {
		t.Fatal(err)
	}
	if err := got.check(); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	data, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var again SKF
	if err := decode(data, &again); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("it came back as %+v, %v", again, err)
	}
}

func TestSKFCheck(t *testing.T) {
	good := []Argument{Container, Input, Output, OutputSize}
	one := func(f Function) SKF { return SKF{DecryptRSA: []Function{f}} }
	for name, p := range map[string]SKF{
		"an edition":          {Edition: "2011"},
		"an outcome":          {Errors: map[Number]Outcome{1: "fine"}},
		"success as an error": {Errors: map[Number]Outcome{0: Failed}},
		"a device key":        {DeviceKey: "short"},
		"a foreign function":  one(Function{Name: "system", Arguments: good}),
		"a longer name":       one(Function{Name: "SKF_" + strings.Repeat("A", 61), Arguments: good}),
		"an unknown argument": one(Function{Name: "SKF_X", Arguments: append([]Argument{"pin"}, good...)}),
		"an argument twice":   one(Function{Name: "SKF_X", Arguments: append([]Argument{Input}, good...)}),
		"no output":           one(Function{Name: "SKF_X", Arguments: good[:2]}),
		"too many functions":  {SignSM2: make([]Function, maxList+1)},
	} {
		if p.check() == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for name, p := range map[string]SKF{"nothing": {}, "a function": one(Function{Name: "V_RSAPrvKeyDecrypt", Arguments: good})} {
		if err := p.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
