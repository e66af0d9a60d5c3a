// Package widgets is the set of parts of which every page is made. One file
// holds one widget. All take their colours and lengths from ui/theme and their
// words from the caller, so no sentence is written here.
//
// Whatever can be pressed can be reached with Tab, shows a ring when it was
// reached so, and answers to Enter and Space. Keys that a control does not use
// (Esc, F1, F5, Enter in a field) go on to the canvas, where the page or the
// dialog on top takes them.
//
// All functions must be called on the main goroutine, and all callbacks come on
// it. The few widgets that start goroutines hand back with fyne.Do, in later.go.
package widgets
