package theme

import "image/color"

// The colours of the window. Text, Text2 and Text3 may stand on White, Page,
// Head and Hover; the four tones' texts on their own soft grounds and on White;
// the Nav colours on Navy and NavCard.
var (
	White   = rgb(0xFFFFFF)
	Page    = rgb(0xF4F6FA) // the ground on which cards lie
	Head    = rgb(0xF7F9FC) // head of a table, quiet ground of facts
	Hover   = rgb(0xF5F8FE) // row under the pointer
	Chosen  = rgb(0xE8F0FE) // chosen row, number of a section, avatar
	Desk    = rgb(0xE4E9F1) // ground behind the pages of a document
	Line    = rgb(0xE3E8F1) // rules and the edges of cards
	Frame   = rgb(0xC3CCDC) // edges of fields and of white buttons
	FrameHi = rgb(0x8FA0BC) // the same under the pointer
	Track   = rgb(0xDFE5EF) // unfilled part of a bar
	Locked  = rgb(0xF2F4F8) // ground of what cannot be edited

	Text     = rgb(0x1F2A3D)
	Text2    = rgb(0x5B6880)
	Text3    = rgb(0x667186)
	Hint     = rgb(0x6B768B) // placeholder in an empty field
	Disabled = rgb(0x8791A3) // a label that cannot be pressed; exempt from AA (1.4.3)

	Primary     = rgb(0x1D5CD6)
	PrimaryHi   = rgb(0x184FBA)
	PrimaryDown = rgb(0x14439E)
	PrimaryOff  = rgb(0xDFE5EF)

	Navy      = rgb(0x0F2D6B)
	NavyDeep  = rgb(0x0A2050)
	NavCard   = rgb(0x223E78) // card on the sidebar
	NavHover  = rgb(0x1F3B76)
	NavText   = rgb(0xC3D0EA)
	NavQuiet  = rgb(0xA9BAE0)
	NavGreen  = rgb(0x3DD68C)
	NavAmber  = rgb(0xFFC861)
	NavRed    = rgb(0xFF8A8F)
	NavGrey   = rgb(0x9AA9C9)
	NavBadge  = rgb(0xD92D38)
	DialogDim = rgba(0x0A1A3D, 110)

	Green     = rgb(0x177A41)
	GreenSoft = rgb(0xE6F6EC)
	GreenLine = rgb(0xB7E2C7)
	Amber     = rgb(0x8F5600)
	AmberSoft = rgb(0xFFF4DF)
	AmberLine = rgb(0xF2D9A4)
	Red       = rgb(0xC42B34)
	RedHi     = rgb(0xA8222B)
	RedSoft   = rgb(0xFDEBEC)
	RedLine   = rgb(0xF3C2C5)
	Grey      = rgb(0x5B6880)
	GreySoft  = rgb(0xEEF1F6)

	CardShadow = rgba(0x0F2D6B, 22)
	PageShadow = rgba(0x0F2D6B, 60)
	FloatShade = rgba(0x0A1A3D, 56)
	Clear      = color.NRGBA{}
)

// Tone is what a coloured mark says; its colours are the same wherever it stands.
type Tone int

// The tones. Neutral says nothing, Info invites, Good is done, Warn wants
// attention, Bad stops.
const (
	Neutral Tone = iota
	Info
	Good
	Warn
	Bad
)

// Colors returns the text colour of a tone, its soft ground and its edge.
func (t Tone) Colors() (text, soft, line color.NRGBA) {
	switch t {
	case Info:
		return Primary, Chosen, rgb(0xBFD3F8)
	case Good:
		return Green, GreenSoft, GreenLine
	case Warn:
		return Amber, AmberSoft, AmberLine
	case Bad:
		return Red, RedSoft, RedLine
	default:
		return Grey, GreySoft, Frame
	}
}

// OnNavy returns the colour of a tone's dot on the sidebar.
func (t Tone) OnNavy() color.NRGBA {
	switch t {
	case Good:
		return NavGreen
	case Warn:
		return NavAmber
	case Bad:
		return NavRed
	default:
		return NavGrey
	}
}

func rgb(v uint32) color.NRGBA { return rgba(v, 0xFF) }

func rgba(v uint32, a uint8) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: a}
}
