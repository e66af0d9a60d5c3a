package theme

// Lengths in Fyne's device-independent pixels.
const (
	// Text heights.
	TextTiny    float32 = 11
	TextCaption float32 = 12
	TextTable   float32 = 13
	TextBody    float32 = 14
	TextSub     float32 = 16
	TextTitle   float32 = 20
	TextVerdict float32 = 24
	TextClock   float32 = 34

	// Controls.
	ControlHeight float32 = 36
	SmallControl  float32 = 28
	ControlRadius float32 = 4
	ControlPad    float32 = 10 // inside a field, left and right
	ButtonPad     float32 = 18
	FocusGap      float32 = 2
	FocusWidth    float32 = 2
	IconSize      float32 = 18
	IconSmall     float32 = 14
	ChipHeight    float32 = 22

	// Cards and forms.
	CardRadius    float32 = 8
	CardPad       float32 = 20
	CardGap       float32 = 16
	PageMarginY   float32 = 20
	PageMarginX   float32 = 24
	SectionHead   float32 = 52
	LabelWidth    float32 = 112
	LabelGap      float32 = 12
	FieldHint     float32 = 22 // line under a control
	FormFoot      float32 = 60
	DialogWidth   float32 = 440
	SidePanel     float32 = 288
	ThumbColumn   float32 = 168
	ThumbWidth    float32 = 110
	NarrowColumn  float32 = 88 // the small pages in a small window
	NarrowThumb   float32 = 60
	PageGap       float32 = 20 // between the pages of a document
	MinWindowW    float32 = 1024
	MinWindowH    float32 = 680
	LeastWindowW  float32 = 640 // scrolled both ways
	LeastWindowH  float32 = 320
	WindowW       float32 = 1280
	WindowH       float32 = 800
	ReadableWidth float32 = 560 // a paragraph is not set wider

	// Shell.
	SidebarWidth float32 = 216
	NavHeight    float32 = 40
	NavInset     float32 = 10
	NavRadius    float32 = 6
	BrandHeight  float32 = 64
	TopbarHeight float32 = 56

	// Tables.
	TableHead float32 = 42
	TableRow  float32 = 48
	TableGap  float32 = 16
)
