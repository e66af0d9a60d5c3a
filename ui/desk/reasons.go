package desk

import (
	"slices"

	"sealdesk/platformapi"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/words"
)

// blocked says why each action cannot be done now; an action that can is not in the map. The sentences are
// "why.<reason>" of the language files. w.mu is held.
func (w *Work) blocked(v View, h handover) map[Action]words.Problem {
	t := w.s.desk.cfg.Words.T
	out := map[Action]words.Problem{}
	block := func(a Action, when bool, reason string, pairs ...any) {
		if _, already := out[a]; when && !already {
			out[a] = words.Problem{What: t("why."+reason, pairs...), Code: reason}
		}
	}
	open := drafting(v.State)
	may := func(m platformapi.Move) bool {
		return w.d.Known != nil && slices.Contains(w.d.Known.Summary.Moves, m)
	}

	for _, a := range []Action{ActionEdit, ActionSave, ActionClean, ActionDelete} {
		block(a, !v.Starter, "starter_only")
		block(a, !open, "state."+string(v.State))
	}
	for _, a := range []Action{
		ActionEdit, ActionSave, ActionClean, ActionSeal, ActionSubmit, ActionDelete, ActionAgree, ActionRefuse, ActionWithdraw, ActionUnseal,
		ActionPublish, ActionFile, ActionAmend,
	} {
		block(a, h.sending, "sending")
	}
	trouble, most := formTrouble(v.Fields)
	block(ActionSave, trouble != "", trouble, "max", most, "more", 0)
	block(ActionSave, !v.Unsaved, "nothing_changed")
	block(ActionClean, v.Filing.Original == nil, "no_filing")
	if v.ReviewFirst && (v.State == platformapi.StateAgreed || v.State == platformapi.StateHalfSealed) {
		block(ActionSubmit, v.OurSeal, "our_seal_sent")
		block(ActionSubmit, v.Filing.Sealed == nil, "seal_first")
	} else {
		block(ActionSubmit, !v.Starter, "starter_only")
		block(ActionSubmit, !open, "state."+string(v.State))
		block(ActionSubmit, trouble != "" && trouble != wrongDate, trouble, "max", most) // the date comes in its turn
		if v.Starter && len(v.Missing) > 0 {
			lacks := "missing." + string(v.Missing[0])
			switch {
			case v.Missing[0] == FieldSeal && v.Filing.Stage() == StageCleaned:
				lacks = "missing.only_seal"
			case v.Missing[0] == FieldDate && trouble == wrongDate:
				lacks = wrongDate
			}
			block(ActionSubmit, true, lacks, "more", len(v.Missing)-1)
		}
	}
	block(ActionUnseal, !may(platformapi.MoveUnseal) || w.d.current(platformapi.StageSealed) == nil, "no_seal_to_take_off")
	if v.ReviewFirst {
		blockedInReview(v, block, may)
	} else {
		blockedInSealing(v, block, may)
	}
	for _, a := range []Action{ActionPublish, ActionFile} {
		block(a, v.Role != platformapi.RolePurchaser, "purchaser_only")
	}
	block(ActionPublish, v.State != platformapi.StateConcluded, "not_concluded")
	block(ActionPublish, v.Published != nil, "published")
	block(ActionFile, v.State != platformapi.StateConcluded, "not_concluded_file")
	block(ActionFile, v.Filed != nil, "filed")
	block(ActionAmend, v.Parent != "", "amends_itself")
	block(ActionAmend, v.State != platformapi.StateConcluded, "not_concluded_amend")
	block(ActionAmend, !v.Terminated.IsZero(), "terminated")
	block(ActionAmend, !may(platformapi.MoveAmend), "amending")
	return out
}

type (
	blocker func(a Action, when bool, reason string, pairs ...any)
	allower func(platformapi.Move) bool
)

// blockedInSealing is for contracts that one side seals and submits, and the other seals and agrees to.
func blockedInSealing(v View, block blocker, may allower) {
	if v.Starter {
		block(ActionSeal, !drafting(v.State), "state."+string(v.State))
		block(ActionSeal, v.Filing.Original == nil, "no_filing")
		block(ActionSeal, v.Filing.Stage() == StageUploaded, "not_clean")
		block(ActionAgree, true, "other_side_only")
		block(ActionRefuse, true, "other_side_only")
		block(ActionWithdraw, !may(platformapi.MoveWithdraw), "cannot_withdraw")
		return
	}
	asked := v.State == platformapi.StateAwaiting || v.State == platformapi.StateCountersigned
	block(ActionRefuse, !asked, "state."+string(v.State))
	block(ActionSeal, v.State != platformapi.StateAwaiting, "state."+string(v.State))
	block(ActionAgree, !asked, "state."+string(v.State))
	for _, a := range []Action{ActionSeal, ActionAgree} {
		block(a, v.Received == nil, "not_received")
		block(a, v.Verdict != nil && v.Verdict.Verdict != verify.Valid, "seal_not_valid")
	}
	block(ActionAgree, v.Filing.Sealed == nil && v.State != platformapi.StateCountersigned, "seal_first")
	block(ActionWithdraw, true, "starter_only")
}

// blockedInReview is for contracts that both agree to before anybody seals. What is reviewed carries no seal; what is sealed
// second carries the other side's, which must be valid.
func blockedInReview(v View, block blocker, may allower) {
	sealing := v.State == platformapi.StateAgreed || v.State == platformapi.StateHalfSealed
	block(ActionSeal, !sealing, "review_first")
	block(ActionSeal, v.OurSeal, "our_seal_sent")
	for _, a := range []Action{ActionSeal, ActionAgree} {
		block(a, v.Received == nil && (sealing || v.State == platformapi.StateAwaiting), "not_received")
	}
	if v.Verdict != nil {
		want := verify.Unsigned
		if v.State == platformapi.StateHalfSealed {
			want = verify.Valid
		}
		block(ActionSeal, v.Verdict.Verdict != want, "seal_not_valid")
		block(ActionAgree, v.Verdict.Verdict != want, "seal_not_valid")
	}
	block(ActionAgree, v.Starter, "other_side_only")
	block(ActionAgree, v.State != platformapi.StateAwaiting, "state."+string(v.State))
	block(ActionRefuse, v.Starter && v.State == platformapi.StateAwaiting, "other_side_only")
	block(ActionRefuse, !may(platformapi.MoveRefuse), "state."+string(v.State))
	block(ActionWithdraw, !v.Starter, "starter_only")
	block(ActionWithdraw, !may(platformapi.MoveWithdraw), "cannot_withdraw")
}
