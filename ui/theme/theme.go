package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"sealdesk/assets"
)

var (
	regular = fyne.NewStaticResource("sans-regular.otf", assets.SansRegular())
	medium  = fyne.NewStaticResource("sans-medium.otf", assets.SansMedium())
)

// Theme makes Fyne's own widgets fit the window.
type Theme struct{}

// New returns the theme to hand to the application's settings.
func New() Theme { return Theme{} }

// Font returns the embedded faces; they hold no slanted ones, so italics are
// set upright.
func (Theme) Font(s fyne.TextStyle) fyne.Resource {
	switch {
	case s.Symbol:
		return fynetheme.DefaultTheme().Font(s)
	case s.Bold:
		return medium
	default:
		return regular
	}
}

// Icon returns Fyne's icon; our own widgets draw those of this package.
func (Theme) Icon(n fyne.ThemeIconName) fyne.Resource { return fynetheme.DefaultTheme().Icon(n) }

// Size returns the length named n.
func (Theme) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case fynetheme.SizeNameText:
		return TextBody
	case fynetheme.SizeNameCaptionText:
		return TextCaption
	case fynetheme.SizeNameSubHeadingText:
		return TextSub
	case fynetheme.SizeNameHeadingText:
		return TextTitle
	case fynetheme.SizeNamePadding:
		return 4
	case fynetheme.SizeNameInnerPadding:
		return 7
	case fynetheme.SizeNameInputBorder:
		return 0 // the frame of a field is drawn by our widget, because Fyne blends a stroke around a transparent ground with black
	case fynetheme.SizeNameSeparatorThickness:
		return 1
	case fynetheme.SizeNameInputRadius, fynetheme.SizeNameButtonRadius, fynetheme.SizeNameSelectionRadius:
		return ControlRadius
	case fynetheme.SizeNameCardRadius, fynetheme.SizeNameDialogRadius, fynetheme.SizeNamePopupRadius:
		return CardRadius
	case fynetheme.SizeNameInlineIcon:
		return IconSize
	case fynetheme.SizeNameScrollBar:
		return 10
	case fynetheme.SizeNameScrollBarSmall:
		return 4
	case fynetheme.SizeNameModalBlurRadius:
		return 0 // blurring the page behind costs seconds without a graphics card
	}
	return fynetheme.DefaultTheme().Size(n)
}

// Color returns the colour named n. The variant is ignored.
func (Theme) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	switch n {
	case fynetheme.ColorNameBackground:
		return Page // the window is cleared with it, so that pages lay no ground: without a graphics card each layer costs
	case fynetheme.ColorNamePrimary, fynetheme.ColorNameHyperlink:
		return Primary
	case fynetheme.ColorNameForeground:
		return Text
	case fynetheme.ColorNameForegroundOnPrimary, fynetheme.ColorNameForegroundOnError,
		fynetheme.ColorNameForegroundOnSuccess, fynetheme.ColorNameForegroundOnWarning:
		return White
	case fynetheme.ColorNamePlaceHolder:
		return Hint
	case fynetheme.ColorNameDisabled:
		return Text // what cannot be edited is still read
	case fynetheme.ColorNameDisabledButton:
		return PrimaryOff
	case fynetheme.ColorNameMenuBackground, fynetheme.ColorNameOverlayBackground:
		return White
	case fynetheme.ColorNameInputBackground, fynetheme.ColorNameInputBorder:
		return Clear
	case fynetheme.ColorNameButton:
		return GreySoft
	case fynetheme.ColorNameSeparator:
		return Line
	case fynetheme.ColorNameHover:
		return Chosen
	case fynetheme.ColorNamePressed:
		return rgba(0x0F2D6B, 40)
	case fynetheme.ColorNameFocus:
		return Chosen
	case fynetheme.ColorNameSelection:
		return rgba(0x1D5CD6, 56)
	case fynetheme.ColorNameError:
		return Red
	case fynetheme.ColorNameSuccess:
		return Green
	case fynetheme.ColorNameWarning:
		return Amber
	case fynetheme.ColorNameShadow:
		return rgba(0x0F2D6B, 36)
	case fynetheme.ColorNameScrollBar:
		return rgba(0x5B6880, 120)
	case fynetheme.ColorNameScrollBarBackground:
		return Clear
	case fynetheme.ColorNameHeaderBackground:
		return Head
	}
	return fynetheme.DefaultTheme().Color(n, fynetheme.VariantLight)
}

// Bare is the theme inside scrolls and lists: no padding between rows and no
// grey shade where the content is cut.
type Bare struct{ Theme }

// Color makes the shade, the list's own hover and its selection vanish.
func (t Bare) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	switch n {
	case fynetheme.ColorNameShadow, fynetheme.ColorNameSelection, fynetheme.ColorNameHover:
		return Clear
	case fynetheme.ColorNameFocus:
		return Chosen
	}
	return t.Theme.Color(n, v)
}

// Size makes the padding vanish.
func (t Bare) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case fynetheme.SizeNamePadding, fynetheme.SizeNameInnerPadding:
		return 0
	case fynetheme.SizeNameSelectionRadius:
		return 0
	}
	return t.Theme.Size(n)
}
