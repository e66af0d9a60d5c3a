package poll

import (
	"context"
	"slices"
	"time"

	"sealdesk/token"
)

// Watch asks list for the URIs of the tokens that are present, at once and then every so often, and reports what changed. A list
// that fails tells nothing, and what was known before stays. The channel is closed when ctx ends.
func Watch(ctx context.Context, every time.Duration, list func(context.Context) ([]string, error)) <-chan token.Event {
	known, _ := list(ctx)
	events := make(chan token.Event)
	go func() {
		defer close(events)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			now, err := list(ctx)
			if err != nil {
				continue
			}
			for _, e := range changes(known, now) {
				select {
				case events <- e:
				case <-ctx.Done():
					return
				}
			}
			known = now
		}
	}()
	return events
}

func changes(before, after []string) []token.Event {
	var events []token.Event
	for _, u := range before {
		if !slices.Contains(after, u) {
			events = append(events, token.Event{Kind: token.Removed, URI: u})
		}
	}
	for _, u := range after {
		if !slices.Contains(before, u) {
			events = append(events, token.Event{Kind: token.Plugged, URI: u})
		}
	}
	return events
}
