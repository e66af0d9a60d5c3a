// Package hall is the opening hall (开标大厅) without a window: what an opening shows to a host, a bidder, a terminal of the hall
// and a supervisor, and what each of them may do in it.
//
// A Room follows one opening on the platform. Its View says everything that there is to see, by the platform's clock, and which
// acts may be done now or why not. A Stand is where keys are put in: it finds the bid that a key opens by the serial number of the
// certificates on it, before a PIN is asked, and takes one key after another, so that a hundred bidders can decrypt on one
// terminal by plugging in, typing the PIN and Enter. What it decrypts is an envelope of a few hundred bytes, never the bid; what
// goes wrong is told by its cause, here and to the platform, which tells the host.
package hall
