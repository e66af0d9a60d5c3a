package main

import (
	"os"
	"regexp"
	"testing"

	"sealdesk/assets/i18n"
	"sealdesk/ui/desk/words"
)

// Every kind of error and finding of a bid and of an envelope has its sentences in both languages.
func TestEveryCodeOfABidHasSentences(t *testing.T) {
	t.Parallel()
	kind := regexp.MustCompile(`(?m)^\t\w+ +Kind = "(\w+)"`)
	known := regexp.MustCompile(`(?m)^\t"(\w+)": +finding\.`)
	codes := []string{"bid.cut_early"}
	for _, from := range []struct {
		room, file string
		form       *regexp.Regexp
	}{{"bid", "bid/errors.go", kind}, {"bid", "bid/outline.go", known}, {"envelope", "envelope/errors.go", kind}} {
		src, err := os.ReadFile("../../signer/" + from.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range from.form.FindAllSubmatch(src, -1) {
			codes = append(codes, from.room+"."+string(m[1]))
		}
	}
	if len(codes) < 55 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	for _, lang := range []string{words.Chinese, words.English} {
		catalog, err := words.New(i18n.Files, lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range codes {
			what, ok := catalog.Sentence(code, nil)
			do, also := catalog.Advice(code, nil)
			if !ok || !also || what == "" || do == "" {
				t.Errorf("%s: %s reads %q %q", lang, code, what, do)
			}
		}
	}
}
