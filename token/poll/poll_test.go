package poll

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"sealdesk/token"
)

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := []struct {
			uris []string
			err  error
		}{
			{[]string{"a", "b"}, nil},
			{nil, errors.New("busy")},
			{[]string{"b", "c"}, nil},
			{[]string{"b", "c"}, nil},
			{nil, nil},
		}
		asked := 0
		ctx, cancel := context.WithCancel(t.Context())
		events := Watch(ctx, time.Second, func(context.Context) ([]string, error) {
			a := answers[min(asked, len(answers)-1)]
			asked++
			return a.uris, a.err
		})
		var got []token.Event
		for range 4 {
			got = append(got, <-events)
		}
		want := []token.Event{
			{Kind: token.Removed, URI: "a"}, {Kind: token.Plugged, URI: "c"},
			{Kind: token.Removed, URI: "b"}, {Kind: token.Removed, URI: "c"},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		cancel()
		if e, open := <-events; open {
			t.Errorf("%v after the watch ended", e)
		}
	})
}
