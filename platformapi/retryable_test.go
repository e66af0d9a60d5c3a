package platformapi_test

import (
	"net/http"
	"testing"

	"sealdesk/platformapi"
)

// What was refused only because something else came at the same moment may be tried again.
func TestWhatIsRetried(t *testing.T) {
	for code, want := range map[string]bool{platformapi.CodeRenewing: true, platformapi.CodeLotTaken: false} {
		err := &platformapi.Error{Kind: platformapi.KindProblem, Status: http.StatusConflict, CodeValue: code}
		if platformapi.Retryable(err) != want {
			t.Errorf("%s is retried: %t", code, !want)
		}
	}
}
