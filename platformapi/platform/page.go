package platform

import (
	"fmt"
	"net/http"
	"net/url"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web"
)

// paged reads a page of a list: limit of the things that come after the cursor's, whose filter must be this list's, the cursor
// of the next page and the Link to it, both "" where the list ends. at is the place of a thing in the list.
func paged[T any](s *Server, path, filter string, cursor *string, limit int, params map[string]string, read func(after position, limit int) ([]T, error), at func(T) position) (found []T, next, link string, err error) {
	var after position
	if c := orZero(cursor); c != "" {
		var ok bool
		if after, ok = openCursor(s.cursorKey, filter, c); !ok {
			return nil, "", "", web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "the cursor is not of this list; begin with its first page")
		}
	}
	found, err = read(after, limit+1)
	if err == nil && len(found) > limit {
		found = found[:limit]
		next = sealCursor(s.cursorKey, filter, at(found[limit-1]))
		link = nextLink(path, next, limit, params)
	}
	return found, next, link, err
}

// nextLink is the Link to the page after this one (RFC 8288).
func nextLink(path, cursor string, limit int, params map[string]string) string {
	next := url.Values{"cursor": {cursor}, "limit": {fmt.Sprint(limit)}}
	for k, v := range params {
		if v != "" {
			next.Set(k, v)
		}
	}
	return "<" + path + "?" + next.Encode() + `>; rel="next"`
}
