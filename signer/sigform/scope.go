package sigform

import (
	"fmt"
	"net/url"
	"strings"
)

// Scope is what of a document a signature is for. It goes into the propertyInfo
// of a SES_Signature, which GM/T 0031-2014, 6.2.1 leaves to the signer: the
// document's number, date, length, or the range that is protected.
type Scope struct {
	Field     string   // the signature field's name; the first where several share the signature
	ByteRange [4]int64 // as the signature dictionary has it
}

// scopePrefix tells our words from other writers'.
const scopePrefix = "PDF ByteRange="

// String writes the scope in ASCII.
func (s Scope) String() string {
	b := s.ByteRange
	return fmt.Sprintf("%s[%d %d %d %d] Field=%s", scopePrefix, b[0], b[1], b[2], b[3], url.QueryEscape(s.Field))
}

// Written says whether a text was written by Scope.String, so that it can be
// compared with what it should say.
func Written(text string) bool { return strings.HasPrefix(text, scopePrefix) }
