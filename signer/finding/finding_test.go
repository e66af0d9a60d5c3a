package finding

import "testing"

var house = Catalogue{"house", map[string]Known{
	"dusty":   Note.Saying("there is dust"),
	"strange": Doubt.Saying("{name} is not known here"),
	"burning": Fatal.Saying("the {what} burns"),
}}

func TestFind(t *testing.T) {
	f := house.Find("strange", "name", 7)
	if f.Code != "house.strange" || f.Message != "7 is not known here" || f.Params["name"] != 7 || f.Severity != Doubt {
		t.Errorf("%+v", f)
	}
}

func TestWhatIsNotKnownIsFatal(t *testing.T) {
	if f := house.Find("burnign", "what", "roof"); f.Severity != Fatal || f.Message == "" || f.Code != "house.burnign" {
		t.Errorf("%+v", f)
	}
}

func TestListKeepsEachCodeOnceAndKnowsTheWorst(t *testing.T) {
	var l List
	for _, step := range []struct {
		code string
		want Verdict
		n    int
	}{{"dusty", Valid, 1}, {"strange", Untrusted, 2}, {"strange", Untrusted, 2}, {"burning", Invalid, 3}, {"dusty", Invalid, 3}} {
		l.Add(house.Find(step.code))
		if got := l.Worst().Verdict(); got != step.want || len(l) != step.n {
			t.Errorf("after %s: %s with %d findings, want %s with %d", step.code, got, len(l), step.want, step.n)
		}
	}
	if !l.Has("house.burning") || l.Has("burning") {
		t.Error("Has asks for whole codes")
	}
}
