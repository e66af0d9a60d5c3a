// Package mobilecatest is a mobile CA in the test's own process, with the phone of one person: enough of the service's wire for
// the desktop's side of it, and what can go wrong there. Its key is whole and in memory; the real service is another program,
// before which the driver is tested where programs are.
package mobilecatest
