package platforms

import "sealdesk/ui/desk/words"

// An Error is a trouble with a platform's profile or with the file of them; its code starts with "platforms.".
type Error = words.Error

func fault(code string, cause error, pairs ...any) *Error {
	return words.Fault("platforms."+code, cause, pairs...)
}
