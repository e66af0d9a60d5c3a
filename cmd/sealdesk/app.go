package main

import (
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"sealdesk/ui/theme"
)

// newApp begins the window's program. Fyne makes one level of folders in the person's cache only, and complains on the terminal
// of a new account that has no cache yet.
func newApp() fyne.App {
	if dir, err := os.UserCacheDir(); err == nil {
		_ = os.MkdirAll(dir, 0o700) // without it Fyne does without pictures of its own
	}
	a := app.NewWithID(appID)
	a.Settings().SetTheme(theme.New())
	return a
}
