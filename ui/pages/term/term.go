package term

import (
	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/widgets"
)

// Line says until when something has to be done, by which article, and whether that is over.
func Line(t *words.Catalog, d platformapi.Deadline) string {
	if d.State == platformapi.DeadlineOver {
		return t.T("form.due_over", "due", d.Due, "basis", d.Basis)
	}
	return t.T("form.due", "due", d.Due, "basis", d.Basis, "left", left(t, d))
}

func left(t *words.Catalog, d platformapi.Deadline) string {
	if d.LeftDays == 0 {
		return t.T("form.left_today")
	}
	return t.T("form.left_"+string(d.Unit), "n", d.LeftDays)
}

// Left says in a word how long a term still runs, or by how much it is over.
func Left(t *words.Catalog, d platformapi.Deadline) string {
	switch {
	case d.State == platformapi.DeadlineOver && d.LeftDays < 0:
		return t.T("term.over_"+string(d.Unit), "n", -d.LeftDays)
	case d.State == platformapi.DeadlineOver:
		return t.T("term.over")
	case d.LeftDays <= 0:
		return t.T("form.left_today")
	}
	return t.T("term.left_"+string(d.Unit), "n", d.LeftDays)
}

// Warning says that a legal term ends soon or is over, with its article; nil when there is nothing to warn of. It
// warns only: nothing is kept from being done by it.
func Warning(t *words.Catalog, d platformapi.Deadline) fyne.CanvasObject {
	if d.State != platformapi.DeadlineSoon && d.State != platformapi.DeadlineOver {
		return nil
	}
	do := t.T("form.deadline_basis", "basis", d.Basis, "text", d.Text)
	if d.Calendar == platformapi.CalendarPredicted {
		do += t.T("form.predicted")
	}
	return widgets.WarnPanel(widgets.ErrorText{What: t.T("form.deadline_"+string(d.Kind)+"_"+string(d.State), "due", d.Due, "left", left(t, d)), Do: do})
}
