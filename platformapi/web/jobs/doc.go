// Package jobs runs what the platform does now and then in the background: in this process where it is alone (Ticker), by
// way of the database where several servers share the work (package riverjobs). What a request begins and need not wait out
// are its Errands.
package jobs
