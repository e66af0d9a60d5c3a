package checkup

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"sealdesk/token/doctor"
	"sealdesk/ui/desk/checkup"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/widgets"
)

// What to do about the first thing that is broken stands beside it, at the top, and not in a list alone that has to be scrolled.
func TestTheVerdictSaysWhatToDo(t *testing.T) {
	w := pagetest.NewWorld(t)
	h := pagetest.NewHost(t, w.Desk, nil)
	check := func(step doctor.Step, state doctor.State, what, do string) checkup.Check {
		return checkup.Check{Check: doctor.Check{Step: step, State: state}, What: what, Do: do}
	}
	d := &dialog{host: h, body: widgets.Stack(), report: checkup.Report{Checks: []checkup.Check{
		check(doctor.USB, doctor.OK, "接口正常", ""), check(doctor.Certificate, doctor.Broken, "证书已到期", "办理证书更新"),
	}}}
	d.show()
	said := ""
	for _, o := range test.LaidOutObjects(d.body) {
		if line, is := o.(*canvas.Text); is {
			said += line.Text + "\n"
		}
	}
	if at := strings.Index(said, "办理证书更新"); at < 0 || at > strings.Index(said, "接口正常") {
		t.Errorf("the verdict does not say what to do: %s", said)
	}
}
