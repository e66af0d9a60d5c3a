package main

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// complain says why the program cannot start, in a window too where there can be one: who starts it from a menu sees no terminal.
func complain(catalog *words.Catalog, err error, stderr io.Writer) int {
	problem := catalog.Problem(err)
	fmt.Fprintln(stderr, problem)
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" {
		return 5
	}
	a := newApp()
	w := a.NewWindow(catalog.T("app.name"))
	w.SetPadded(false)
	closing := widgets.NewButton(widgets.Primary, catalog.T("button.close"), w.Close)
	w.SetContent(widgets.Filled(theme.White, widgets.Pad(24, 24, 24, 24,
		widgets.Column(16, widgets.ErrorPanel(page.ErrorText(problem)), widgets.Row(0, widgets.Spacer(), closing)))))
	w.Resize(fyne.NewSize(560, 220))
	w.CenterOnScreen()
	w.ShowAndRun()
	return 5
}
