package mobileca

import (
	"context"
	"time"
)

// Stage is how far it has come.
type Stage int

// The stages, in their order. A pairing ends with Linked, a request with Done; a session is in Linked between requests.
const (
	Code    Stage = iota + 1 // the QR code is to be scanned
	Expired                  // nobody scanned it in time
	Scanned                  // by View.By
	Matched                  // the match codes are to be compared on the phone
	Linked                   // the person accepted
	Waiting                  // a request is on its way to the phone
	Shown                    // the phone shows it
	Done                     // the request is answered, or over
	Ended                    // the session is over
)

// A View is all that a person is to see of it.
type View struct {
	Stage   Stage
	Kind    Kind
	QR      string    // what the QR code says, at Code
	Until   time.Time // when the code, or what is waited for, expires, by this machine's clock; zero: it does not
	By      Person    // from Scanned on
	Match   string    // four letters, from Matched on
	Session *Session  // nil: there is none
	Why     Why       // at Ended, where it is known
	Offline bool      // the service cannot be reached just now; it is tried again
}

// A Person scanned the code. All of it is masked by the service.
type Person struct {
	Name         string
	Organisation string
	Phone        string
}

// A Session is how much is left of one.
type Session struct {
	Auto bool      // the phone confirms by itself while it shows the page
	Used int       // signatures that were made
	Max  int       // after which it ends
	Ends time.Time // by this machine's clock
	Idle time.Time // when it ends if nothing is signed until then
}

// Why says why a session ended.
type Why string

// The reasons that the desktop did not give itself.
const (
	EndedByPhone         Why = "phone"
	EndedByTime          Why = "time"          // of the session, or in which nothing was signed
	EndedByCount         Why = "count"         // all its signatures are made
	EndedByNetwork       Why = "network"       // this computer is in another network than when it began
	EndedByPIN           Why = "pin"           // it was changed, or the key recovered on another phone
	EndedByCertificate   Why = "certificate"   // it was renewed, revoked or exchanged
	EndedByAuthorisation Why = "authorisation" // the person may not use it on this platform any more
	EndedByDevice        Why = "device"        // the phone was logged out by its owner
)

// whys are those that can be told to a person.
var whys = []Why{EndedByPhone, EndedByTime, EndedByCount, EndedByNetwork, EndedByPIN, EndedByCertificate, EndedByAuthorisation, EndedByDevice}

// A Screen shows a person what the phone has to do.
type Screen interface {
	// Show is called with every change, from one goroutine at a time, and must not wait. It may be called after the call that
	// began it has returned, as long as there is a session.
	Show(View)
	// Refresh waits until the person wants another QR code, after one has expired; an error gives up.
	Refresh(ctx context.Context) error
}

type screenKey struct{}

// WithScreen has what is done under this context shown on s, in the place of Config.Screen.
func WithScreen(ctx context.Context, s Screen) context.Context {
	return context.WithValue(ctx, screenKey{}, s)
}
