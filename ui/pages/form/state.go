package form

import (
	"sealdesk/platformapi"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
)

// State is the word for a contract's state and its tone, as it reads for the side that started it or for the other one.
func State(t *words.Catalog, state platformapi.ContractState, starter bool) (string, theme.Tone) {
	side := "other"
	if starter {
		side = "starter"
	}
	return t.T("state." + string(state) + "." + side), tone(state, starter)
}

func tone(state platformapi.ContractState, starter bool) theme.Tone {
	switch state {
	case platformapi.StateSealed:
		if starter {
			return theme.Warn
		}
	case platformapi.StateAwaiting, platformapi.StateCountersigned:
		if starter {
			return theme.Info
		}
		return theme.Warn
	case platformapi.StateAgreed, platformapi.StateHalfSealed:
		return theme.Warn
	case platformapi.StateReturned:
		return theme.Bad
	case platformapi.StateConcluded:
		return theme.Good
	}
	return theme.Neutral
}

// StateOf is State for a contract of the list, in words that say whose seal is there and whose is not.
func StateOf(t *words.Catalog, c platformapi.ContractSummary) (string, theme.Tone) {
	starter := c.MyRole == c.Starter
	switch {
	case !c.TerminatedAt.IsZero():
		return t.T("contracts.terminated"), theme.Neutral
	case c.State == platformapi.StateHalfSealed && c.MyTurn:
		return t.T("state.half_sealed.theirs"), theme.Warn
	case c.State == platformapi.StateHalfSealed:
		return t.T("state.half_sealed.ours"), theme.Info
	case c.State == platformapi.StateAwaiting && c.Order == platformapi.OrderReviewFirst && !starter:
		return t.T("state.awaiting.review"), theme.Warn
	}
	return State(t, c.State, starter)
}
