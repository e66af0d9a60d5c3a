package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"sealdesk/platformapi"
)

const (
	eventStream   = "text/event-stream"
	maxEventLine  = 16 << 10
	silence       = time.Minute // a platform that says nothing for so long is gone; it pings every 20 s
	retryFirst    = 3 * time.Second
	retryLongest  = time.Minute
	connectWithin = 30 * time.Second
)

// Watch calls on for what happens to contracts from now on, and reset when something may have been missed, until ctx ends or
// an error comes that waiting does not mend, as platformapi.Watcher says. In between it comes back by itself after every break,
// behind the last event it saw. Both are called from one goroutine at a time.
func (c *Client) Watch(ctx context.Context, on func(platformapi.Event), reset func()) error {
	return follow(ctx, "contract", on, reset, func(ctx context.Context, last string) (*http.Response, error) {
		return c.wire.WatchEvents(ctx, &platformapi.WatchEventsParams{LastEventID: last})
	})
}

// WatchTender is Watch for a tender and its bids.
func (c *Client) WatchTender(ctx context.Context, tenderID string, on func(platformapi.TenderEvent), reset func()) error {
	return follow(ctx, "tender", on, reset, func(ctx context.Context, last string) (*http.Response, error) {
		return c.wire.WatchTender(ctx, tenderID, &platformapi.WatchTenderParams{LastEventID: last})
	})
}

// follow follows streams of events of one kind, one after the other.
func follow[E any](ctx context.Context, kind string, on func(E), reset func(), ask func(ctx context.Context, last string) (*http.Response, error)) error {
	last, wait := "", retryFirst
	for {
		before := last
		err := watch(ctx, &last, kind, on, reset, ask)
		if ctx.Err() != nil {
			return context.Canceled
		}
		if e, ok := errors.AsType[*platformapi.Error](err); ok && (e.Kind == platformapi.KindUnauthorised || e.Kind == platformapi.KindInsecure || e.Kind == platformapi.KindProblem && !platformapi.Retryable(e)) {
			return err
		}
		if last != before || err == nil {
			wait = retryFirst
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Canceled
		}
		wait = min(2*wait, retryLongest)
	}
}

// watch follows one stream to its end.
func watch[E any](ctx context.Context, last *string, of string, on func(E), reset func(), ask func(ctx context.Context, last string) (*http.Response, error)) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	quiet := time.AfterFunc(connectWithin, cancel)
	defer quiet.Stop()
	resp, err := ask(inner, *last)
	if err != nil {
		return failure(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }() // what matters of it was read
	if resp.StatusCode >= 300 {
		return problem(resp)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxEventLine)
	var kind, data, id string
	for lines.Scan() {
		quiet.Reset(silence)
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			kind = value
		case "data":
			data = value // the platform's events have one line of it
		case "id":
			id = value
		case "":
			if lines.Text() != "" { // a comment, the ping
				continue
			}
			switch kind {
			case of:
				var e E
				if err := json.Unmarshal([]byte(data), &e); err != nil {
					return nonsense("an event is not readable", err)
				}
				on(e)
			case "reset":
				reset()
			}
			if id != "" {
				*last = id
			}
			kind, data, id = "", "", ""
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return failure(ctx, err)
	}
	return nil
}
