// Package page is the contract between the window and its pages. A page shows a state of the desk and passes on what the
// person does; the window gives it a place, the way to other pages, dialogs, and the one seam over which work comes back
// from its own goroutine to the window's.
package page
