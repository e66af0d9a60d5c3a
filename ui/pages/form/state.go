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
	case platformapi.StateReturned:
		return theme.Bad
	case platformapi.StateConcluded:
		return theme.Good
	}
	return theme.Neutral
}

// MyTurn tells whether the next step of a contract is ours.
func MyTurn(state platformapi.ContractState, starter bool) bool {
	switch state {
	case platformapi.StateDraft, platformapi.StateSealed, platformapi.StateReturned:
		return starter
	case platformapi.StateAwaiting, platformapi.StateCountersigned:
		return !starter
	}
	return false
}
