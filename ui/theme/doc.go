// Package theme is the look of the window: its colours, sizes, fonts and icons,
// each named once, here. Widgets and pages take every colour and every length
// from this package and invent none.
//
// There is one variant, a light one; what the desktop prefers is ignored, since
// documents and seals are judged on white paper. All text and background pairs
// in use keep the contrast of WCAG 2.2 level AA, which a test computes.
package theme
