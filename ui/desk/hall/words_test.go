package hall

import (
	"os"
	"regexp"
	"testing"

	"sealdesk/assets/i18n"
	"sealdesk/platformapi"
	"sealdesk/ui/desk/words"
)

// Every kind of error, and every cause that the platform may give, has its sentences in both languages, and its word for a row.
func TestEveryCauseHasSentences(t *testing.T) {
	src, err := os.ReadFile("errors.go")
	must(t, err)
	api, err := os.ReadFile("../../../platformapi/models.gen.go")
	must(t, err)
	codes := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t\w+ +Kind = "(\w+)"`).FindAllSubmatch(src, -1) {
		codes[string(m[1])] = true
	}
	delete(codes, string(Refused)) // it has its cause's
	var causes []string
	for _, m := range regexp.MustCompile(`(?m)^\tCause\w+ +FailureCause = "(\w+)"`).FindAllSubmatch(api, -1) {
		causes = append(causes, string(m[1]))
		codes[string(m[1])] = true
	}
	if len(causes) < 15 || len(codes) < 25 {
		t.Fatalf("only %d causes and %d codes were found", len(causes), len(codes))
	}
	for _, lang := range []string{words.Chinese, words.English} {
		c, err := words.New(i18n.Files, lang)
		must(t, err)
		for code := range codes {
			p := c.Problem(FailureOf(platformapi.Bid{Bidder: platformapi.Organisation{Name: "某公司"}, Failure: &platformapi.Failure{Cause: platformapi.FailureCause(code)}}))
			if p.Code != "hall."+code || p.What == "" || p.Do == "" {
				t.Errorf("%s: %s reads %+v", lang, code, p)
			}
		}
		for _, cause := range causes {
			if key := "hall.cause_" + cause; c.T(key) == key {
				t.Errorf("%s: no word for %s", lang, cause)
			}
		}
	}
}
