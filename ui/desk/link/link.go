package link

import (
	"regexp"
	"strings"
	"sync"
)

// Scheme is that of the links, with its colon.
const Scheme = "sealdesk:"

// maxLength bounds a link, in bytes: a host's name of DNS and what follows.
const maxLength = 512

// A Link names a contract on a platform.
type Link struct {
	Platform string // its address, "https://host[:port]"
	Contract string // its UUID, in lower case
}

// ErrForm: it is no link that could be followed. Its code is "link.form".
var ErrForm error = formError{}

type formError struct{}

func (formError) Error() string { return "link.form: not sealdesk://host/contracts/UUID" }
func (formError) Code() string  { return "link.form" }

// The form leaves no room for a login, a query, a fragment, an escape or a path of any other kind. A host is a name or an IPv4 address.
var form = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^sealdesk://((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?)` +
		`/contracts/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/?$`)
})

// Is tells that a text is meant to be a link, whether or not it can be followed.
func Is(text string) bool {
	return len(text) >= len(Scheme) && strings.EqualFold(text[:len(Scheme)], Scheme)
}

// Parse reads a link. Capital letters, which browsers and mail programs change, make no difference. Error: ErrForm.
func Parse(text string) (Link, error) {
	if len(text) > maxLength {
		return Link{}, ErrForm
	}
	m := form().FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return Link{}, ErrForm
	}
	return Link{Platform: "https://" + m[1], Contract: m[2]}, nil
}
