package theme

import (
	"bytes"
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"

	"sealdesk/assets"
)

// Icon names a picture of the set in assets/icons.
type Icon string

// The icons in use.
const (
	IconBatch    Icon = "batch"
	IconBid      Icon = "bid"
	IconCalendar Icon = "calendar"
	IconCheck    Icon = "check"
	IconClock    Icon = "clock"
	IconClose    Icon = "cross"
	IconCompare  Icon = "compare"
	IconContract Icon = "contract"
	IconDown     Icon = "down"
	IconDownload Icon = "download"
	IconError    Icon = "error"
	IconEye      Icon = "eye"
	IconEyeOff   Icon = "eye-off"
	IconFit      Icon = "fit"
	IconFlow     Icon = "flow"
	IconFolder   Icon = "folder"
	IconHall     Icon = "hall"
	IconHome     Icon = "home"
	IconInfo     Icon = "info"
	IconKey      Icon = "key"
	IconLock     Icon = "lock"
	IconMore     Icon = "more"
	IconNext     Icon = "next"
	IconOutbox   Icon = "outbox"
	IconPhone    Icon = "phone"
	IconPlus     Icon = "plus"
	IconPrev     Icon = "prev"
	IconPrint    Icon = "print"
	IconPublish  Icon = "publish"
	IconRefresh  Icon = "refresh"
	IconScan     Icon = "scan"
	IconSeal     Icon = "seal"
	IconSearch   Icon = "search"
	IconSuccess  Icon = "success"
	IconSwitch   Icon = "switch"
	IconUndo     Icon = "undo"
	IconUnlock   Icon = "unlock"
	IconUp       Icon = "up"
	IconUpload   Icon = "upload"
	IconUSB      Icon = "usb"
	IconUser     Icon = "user"
	IconVerify   Icon = "verify"
	IconWarning  Icon = "warning"
	IconZoomIn   Icon = "zoom-in"
	IconZoomOut  Icon = "zoom-out"

	// IconKeypad is drawn here, being nine dots.
	IconKeypad Icon = "keypad"
)

// ink is the colour in which the pictures are drawn; it is replaced.
var ink = []byte("#000000")

// In returns the icon in a colour. A name that is not in the set yields an empty
// picture; a test holds that all names above are in it.
func (i Icon) In(c color.NRGBA) fyne.Resource {
	svg := i.drawing()
	hex := fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
	return fyne.NewStaticResource(string(i)+hex+".svg", bytes.ReplaceAll(svg, ink, []byte(hex)))
}

func (i Icon) drawing() []byte {
	if i == IconKeypad {
		return keypad()
	}
	svg, err := assets.Icon(string(i))
	if err != nil {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"/>`)
	}
	return svg
}

func keypad() []byte {
	var b bytes.Buffer
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">`)
	for n := range 9 {
		fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="1.8" fill="#000000"/>`, 6+n%3*6, 6+n/3*6)
	}
	b.WriteString(`</svg>`)
	return b.Bytes()
}
