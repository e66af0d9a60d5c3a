package widgets

import (
	"fmt"
	"runtime"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sealdesk/ui/theme"
)

// The fonts are read once for the whole program, whatever scrolls, and however often it is refreshed: read for each field of a form
// anew, and kept, they made a gigabyte in minutes.
func TestFontsAreReadOnce(t *testing.T) {
	test.NewTempApp(t)
	test.ApplyTheme(t, theme.New())
	table := NewTable(TableColumn{Title: "项目", Width: 120})
	table.Fill(3, func(i int) TableRow { return TableRow{Cells: []Cell{{Text: fmt.Sprintf("第 %d 项", i)}}} })
	field := NewTextField("请输入")
	scroll := NewScrollArea(Column(0, field, NewText("合同", theme.TextBody, theme.Text).Bold(), NewText("名称", theme.TextBody, theme.Text)))
	room := NewRoom(Column(0, scroll, table), fyne.NewSize(300, 300))
	w := test.NewTempWindow(t, room)
	w.Resize(fyne.NewSize(400, 400))
	w.Canvas().Capture() // reads them
	font := uint64(len(theme.New().Font(fyne.TextStyle{}).Content()))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range 3 {
		field.SetText(fmt.Sprint(i))
		scroll.SetContent(NewText("下一份合同", theme.TextBody, theme.Text))
		room.Refresh()
		room.all.Refresh()
		table.all.Refresh()
		w.Canvas().Capture()
	}
	runtime.ReadMemStats(&after)
	// A picture of the window takes less than 3 MB.
	if got := after.TotalAlloc - before.TotalAlloc; got > font {
		t.Errorf("%d MB for three pictures; a font has %d", got>>20, font>>20)
	}
}
