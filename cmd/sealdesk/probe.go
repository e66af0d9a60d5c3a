//go:build !uitest

package main

import "fyne.io/fyne/v2"

// probe is for the window test's build only.
func probe(fyne.Window) {}
