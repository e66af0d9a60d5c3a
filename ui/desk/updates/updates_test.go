package updates

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)

func release() Release {
	return Release{Version: "1.4.0", Date: "2026-11-20", Notes: map[string]string{"zh-CN": "修正", "en": "Mended"}, Page: "https://sealdesk.cn/1.4.0", Until: now.AddDate(0, 1, 0)}
}

func keys(t *testing.T) (*Source, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSource("https://sealdesk.cn/feed.json", public)
	if err != nil {
		t.Fatal(err)
	}
	return s, private
}

func TestOnlyANewerVersionIsNews(t *testing.T) {
	s, key := keys(t)
	feed, err := Sign(release(), key)
	if err != nil {
		t.Fatal(err)
	}
	for running, newer := range map[string]bool{
		"1.3.9": true, "1.4.0": false, "1.4.1": false, "1.10.0": false, "0.9.0": true, "1.4.0-rc.1": true, "1.3.0+5.gabc": true, "1.4.0+5.gabc": false,
		"(devel)": false, "": false,
	} {
		r, got, err := s.read(feed, running, now)
		if err != nil || got != newer || r.Version != "1.4.0" || r.Notes["en"] != "Mended" {
			t.Errorf("%s: %v, %+v, %v", running, got, r, err)
		}
	}
}

func TestAFeedIsBelievedOnlyIfItIsSignedAndFresh(t *testing.T) {
	s, key := keys(t)
	_, other := keys(t)
	sign := func(r Release, k ed25519.PrivateKey) []byte {
		payload, _ := json.Marshal(r)
		data, _ := json.Marshal(signed{payload, ed25519.Sign(k, append([]byte(domain), payload...))})
		return data
	}
	changed := func(f func(*Release)) []byte {
		r := release()
		f(&r)
		return sign(r, key)
	}
	var altered signed
	if err := json.Unmarshal(sign(release(), key), &altered); err != nil {
		t.Fatal(err)
	}
	altered.Payload = []byte(strings.Replace(string(altered.Payload), "1.4.0", "9.9.9", 1))
	alteredFeed, _ := json.Marshal(altered)
	bare, _ := json.Marshal(release())
	elsewhere, _ := json.Marshal(signed{bare, ed25519.Sign(key, bare)})
	for what, tt := range map[string]struct {
		feed []byte
		want error
	}{
		"another key":          {sign(release(), other), ErrSignature},
		"altered":              {alteredFeed, ErrSignature},
		"signed for another":   {elsewhere, ErrSignature},
		"no signature":         {[]byte(`{"payload":"e30="}`), ErrSignature},
		"no feed":              {[]byte("<html>"), ErrFeed},
		"too old":              {changed(func(r *Release) { r.Until = now.Add(-time.Second) }), ErrOld},
		"no version":           {changed(func(r *Release) { r.Version = "latest" }), ErrFeed},
		"a page of no web":     {changed(func(r *Release) { r.Page = "file:///etc/passwd" }), ErrFeed},
		"turned text":          {changed(func(r *Release) { r.Notes["en"] = "a\u202eb" }), ErrFeed},
		"notes without an end": {changed(func(r *Release) { r.Notes["en"] = strings.Repeat("a", maxNotes+1) }), ErrFeed},
	} {
		if r, newer, err := s.read(tt.feed, "1.0.0", now); !errors.Is(err, tt.want) || newer || r.Version != "" {
			t.Errorf("%s: %+v, %v, %v", what, r, newer, err)
		}
	}
}

func TestTheAdministratorDecides(t *testing.T) {
	builtIn, _ := keys(t)
	own, _ := keys(t)
	file := filepath.Join(t.TempDir(), "updates.json")
	key := base64.StdEncoding.EncodeToString(own.Key)
	for text, want := range map[string]struct {
		feed string
		err  error
	}{
		`{}`:           {builtIn.Feed, nil},
		`{"off":true}`: {"", nil},
		`{"feed":"https://intra.cn/f","key":"` + key + `"}`: {"https://intra.cn/f", nil},
		`{"feed":"http://intra.cn/f","key":"` + key + `"}`:  {"", ErrPolicy},
		`{"feed":"https://intra.cn/f"}`:                     {"", ErrPolicy},
		`{"feed":"https://intra.cn/f","key":"AAAA"}`:        {"", ErrPolicy},
		`{"off":`:         {"", ErrPolicy},
		`{"of":true}`:     {"", ErrPolicy},
		`{} {"off":true}`: {"", ErrPolicy},
		`{"feed":"` + strings.Repeat("a", maxPolicy) + `","off":true}`: {"", ErrPolicy},
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Decide(file, builtIn)
		if !errors.Is(err, want.err) || (err != nil) != (want.err != nil) || (got == nil) != (want.feed == "") || got != nil && got.Feed != want.feed {
			t.Errorf("%.60s: %+v, %v", text, got, err)
		}
	}
	if got, err := Decide(filepath.Join(t.TempDir(), "none"), builtIn); got != builtIn || err != nil {
		t.Errorf("no file: %v, %v", got, err)
	}
	if got, err := Decide("", nil); got != nil || err != nil {
		t.Errorf("nothing at all: %v, %v", got, err)
	}
}
