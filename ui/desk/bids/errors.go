package bids

import "sealdesk/ui/desk/words"

// An Error is a trouble of a bid in the making; its code starts with "bids.".
type Error = words.Error

func fault(code string, cause error, pairs ...any) *Error {
	return words.Fault("bids."+code, cause, pairs...)
}
