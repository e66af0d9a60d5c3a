package assets

import _ "embed"

// The fonts are static CFF OpenType files, which is what both Fyne and
// golang.org/x/image/font/sfnt read. All but the one of dates hold the characters of GBK, those of
// the Table of General Standard Chinese Characters beyond it, and the marks that
// the window draws. Licence: fonts/OFL.txt.
var (
	//go:embed fonts/sans-regular.otf
	sansRegular []byte
	//go:embed fonts/sans-medium.otf
	sansMedium []byte
	//go:embed fonts/serif-bold.otf
	serifBold []byte
	//go:embed fonts/serif-date.otf
	serifDate []byte
)

// SansRegular returns Noto Sans CJK SC Regular, the face of running text.
func SansRegular() []byte { return sansRegular }

// SansMedium returns Noto Sans CJK SC Medium, the face for what stands out. On a
// screen of common density it reads better than the Bold weight.
func SansMedium() []byte { return sansMedium }

// SerifBold returns Noto Serif CJK SC Bold, the face of seals and of titles of
// documents.
func SerifBold() []byte { return serifBold }

// SerifDate returns the figures and the words of a date in Noto Serif CJK SC Regular, the face of the date beside a seal. It
// holds nothing else.
func SerifDate() []byte { return serifDate }
