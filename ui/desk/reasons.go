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

	for _, a := range []Action{ActionEdit, ActionSave, ActionClean, ActionSubmit, ActionDelete} {
		block(a, !v.Starter, "starter_only")
		block(a, !open, "state."+string(v.State))
	}
	for _, a := range []Action{
		ActionEdit, ActionSave, ActionClean, ActionSeal, ActionSubmit, ActionDelete, ActionAgree, ActionRefuse, ActionWithdraw, ActionPublish,
	} {
		block(a, h.sending, "sending")
	}
	trouble, most := formTrouble(v.Fields)
	block(ActionSave, trouble != "", trouble, "max", most, "more", 0)
	block(ActionSubmit, trouble != "", trouble, "max", most, "more", 0)
	block(ActionSave, !v.Unsaved, "nothing_changed")
	block(ActionClean, v.Filing.Original == nil, "no_filing")
	if v.Starter && len(v.Missing) > 0 {
		block(ActionSubmit, true, "missing."+string(v.Missing[0]), "more", len(v.Missing)-1)
	}

	if v.Starter {
		block(ActionSeal, !open, "state."+string(v.State))
		block(ActionSeal, v.Filing.Original == nil, "no_filing")
		block(ActionSeal, v.Filing.Stage() == StageUploaded, "not_clean")
		block(ActionAgree, true, "other_side_only")
		block(ActionRefuse, true, "other_side_only")
		block(ActionWithdraw, !may(platformapi.MoveWithdraw), "cannot_withdraw")
	} else {
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
	block(ActionPublish, v.Role != platformapi.RolePurchaser, "purchaser_only")
	block(ActionPublish, v.State != platformapi.StateConcluded, "not_concluded")
	block(ActionPublish, v.Published != nil, "published")
	return out
}
