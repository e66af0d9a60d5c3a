package compare

import "math"

// Kind says what a difference is.
type Kind string

// The kinds of Difference.
const (
	Added          Kind = "added"           // words that only the second document has
	Removed        Kind = "removed"         // words that only the first document has
	Changed        Kind = "changed"         // words in place of others
	Moved          Kind = "moved"           // the same words on another page, or at another place of the text
	PictureChanged Kind = "picture_changed" // the page looks different where the words do not tell why
	PageAdded      Kind = "page_added"
	PageRemoved    Kind = "page_removed"

	// Of seals only.
	SealAdded   Kind = "seal_added"
	SealRemoved Kind = "seal_removed"
	SealChanged Kind = "seal_changed"
)

// A Place is a rectangle on a page as it is displayed, in millimetres from the page's top left corner. Where a document
// lacks what the other one has, it is the line without width or height at which that would stand.
type Place struct {
	Page   int     `json:"page"` // from 1
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// A Difference has its places in both documents, one for each line of text.
type Difference struct {
	Kind  Kind    `json:"kind"`
	TextA string  `json:"textA,omitempty"` // the words in the first document, at most 1000 characters
	TextB string  `json:"textB,omitempty"`
	A     []Place `json:"a"`
	B     []Place `json:"b"`
}

// A File is one of the documents that were compared.
type File struct {
	SHA256 string `json:"sha256"`
	Pages  int    `json:"pages"`
	Words  int    `json:"words"` // 0: it shows pictures alone, as a scan does, or the files are the same and were not read
}

// A PagePair is a page of the first document and the page of the second one that it became.
type PagePair struct {
	A int `json:"a"`
	B int `json:"b"`
}

// A Report is the outcome of a comparison.
type Report struct {
	// Same says that there is no difference. Seals do not count: they are told beside.
	Same bool `json:"same"`
	// TooDifferent says that the documents have too little in common for a list of differences to be of use, or so many
	// that the work was given up. There are no Differences then.
	TooDifferent bool `json:"tooDifferent"`
	A            File `json:"a"`
	B            File `json:"b"`
	// Pages are the pages that belong together, in order. A page that was added or removed is in none of them.
	Pages []PagePair `json:"pages"`
	// Differences are in the order of the first document.
	Differences []Difference `json:"differences"`
	// Seals are the differences in the signatures' widgets.
	Seals []Difference `json:"seals"`
}

const mmPerPoint = 25.4 / 72

// rounded is a place to the tenth of a millimetre.
func rounded(page int, b box) Place {
	tenth := func(v float32) float64 { return math.Round(float64(v)*10) / 10 }
	return Place{Page: page, X: tenth(b.x), Y: tenth(b.y), Width: tenth(b.w), Height: tenth(b.h)}
}

// A box is a rectangle of the displayed page in millimetres from its top left corner.
type box struct{ x, y, w, h float32 }

func (b box) union(c box) box {
	x, y := min(b.x, c.x), min(b.y, c.y)
	return box{x, y, max(b.x+b.w, c.x+c.w) - x, max(b.y+b.h, c.y+c.h) - y}
}
