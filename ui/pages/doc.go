// Package pages is the window: it shows one page at a time in its shell, keeps the way back, and is the Host of the pages,
// each of which lives in a folder of its own. Work that pages start runs on its own goroutine and comes back to the
// window's here and nowhere else.
package pages
