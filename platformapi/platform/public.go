package platform

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/calendar"
	"sealdesk/platformapi/platform/store"
)

// What the purchaser owes the public and the finance department once a contract is concluded. Neither changes the contract,
// and neither waits for the other.

// duty says whether this person may do what is the purchaser's to do about a concluded contract.
func (a act) duty(c *store.Contract) error {
	if c != nil && visible(c, a.org.USCC) && roleIn(c.Lot, a.org.USCC) != platformapi.RolePurchaser {
		return refuse(c, http.StatusForbidden, platformapi.CodeNotPurchaser, "this is the purchaser's duty")
	}
	return a.begin(c, platformapi.RolePurchaser, platformapi.StateConcluded)
}

// beginPublic says whether this person may make the contract public, and prepare the copy for it.
func (a act) beginPublic(c *store.Contract) error {
	if err := a.duty(c); err != nil {
		return err
	}
	if c.Publication != nil {
		return refuse(c, http.StatusConflict, platformapi.CodeAlreadyPublished, "the contract was published before")
	}
	return nil
}

// publish makes the contract public by the copy that was attached for it. The sealed original stays untouched: what is hidden
// is hidden in the copy, which names the original by its digest.
func (a act) publish(c *store.Contract, r platformapi.PublishRequest) (store.Effect, error) {
	if err := a.beginPublic(c); err != nil {
		return store.Effect{}, err
	}
	copied := currentOf(c, platformapi.KindPublication, platformapi.StageUploaded)
	if copied == nil || copied.SHA256 != r.SHA256 {
		return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeCopyMissing, "the copy for the public is not attached, or is another one")
	}
	if current(c, platformapi.StageSealed).SHA256 != r.OriginalSHA256 {
		return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeFilingOther, "the copy was made of another file than the concluded one")
	}
	if r.SHA256 == r.OriginalSHA256 {
		return store.Effect{}, refuse(c, http.StatusUnprocessableEntity, platformapi.CodeCopySealed, "the sealed original itself is not for the public")
	}
	if err := checkHidden(c, r.Hidden); err != nil {
		return store.Effect{}, err
	}
	c.Publication = &platformapi.Publication{PublishedAt: a.now, Person: a.person, SHA256: r.SHA256, OriginalSHA256: r.OriginalSHA256, Hidden: r.Hidden}
	return a.done(c, platformapi.HistoryPublish, "", r.SHA256)
}

// checkHidden asks a reason for what is hidden by a person's judgement.
func checkHidden(c *store.Contract, hidden []platformapi.Hidden) error {
	var wrong []platformapi.FieldError
	code, status := platformapi.CodeReasonMissing, http.StatusUnprocessableEntity
	for i, h := range hidden {
		at := "/hidden/" + strconv.Itoa(i) + "/reason"
		switch {
		case !platformapi.IsPlain(h.Reason):
			wrong = append(wrong, platformapi.FieldError{Pointer: at, Detail: "has characters that cannot be shown"})
			code, status = platformapi.CodeBadRequest, http.StatusBadRequest
		case (h.What == platformapi.HiddenTradeSecret || h.What == platformapi.HiddenOther) && strings.TrimSpace(h.Reason) == "":
			wrong = append(wrong, platformapi.FieldError{Pointer: at, Detail: "is required"})
		}
	}
	if wrong == nil {
		return nil
	}
	f := refuse(c, status, code, "the reasons for what is hidden are not right")
	f.Errors = wrong
	return f
}

// file records that a copy went to the finance department (备案).
func (a act) file(c *store.Contract, r platformapi.FileRequest) (store.Effect, error) {
	if err := a.duty(c); err != nil {
		return store.Effect{}, err
	}
	if c.Filed != nil {
		return store.Effect{}, refuse(c, http.StatusConflict, platformapi.CodeAlreadyFiled, "the contract was filed before")
	}
	number := strings.TrimSpace(r.Number)
	_, err := time.Parse(time.DateOnly, r.FiledOn)
	if err != nil || number == "" || !platformapi.IsPlain(number) || strings.ContainsAny(number, "\n\t") {
		return store.Effect{}, refuse(c, http.StatusBadRequest, platformapi.CodeBadRequest, "the number or the day of filing is not right")
	}
	day := func(t time.Time) string { return calendar.Day(t).Format(time.DateOnly) }
	if r.FiledOn < day(c.ConcludedAt) || r.FiledOn > day(a.now) {
		return store.Effect{}, refuse(c, http.StatusBadRequest, platformapi.CodeBadRequest, "the day of filing is before the contract was concluded, or yet to come")
	}
	c.Filed = &platformapi.Filed{Number: number, FiledOn: r.FiledOn, Person: a.person, RecordedAt: a.now}
	return a.done(c, platformapi.HistoryFile, number, "")
}
