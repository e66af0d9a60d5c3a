package cleancopy

// Type is what a file is by its content.
type Type string

// Types that a clean copy can be made of.
const (
	TypeDOCX Type = "docx"
	TypeDOC  Type = "doc"
	TypePDF  Type = "pdf"
)

// Report tells what became of a document.
type Report struct {
	Type      Type     `json:"type"`
	Kept      bool     `json:"kept"` // the copy is byte-identical, because the PDF is signed already
	Input     File     `json:"input"`
	Output    File     `json:"output"`
	Pages     int      `json:"pages"`
	Standard  string   `json:"standard,omitempty"` // "PDF/A-2b", when the copy is that
	Items     []Item   `json:"items"`              // what was taken out
	Doubts    []Item   `json:"doubts"`             // what is in the copy, though it is hard to see
	Truncated bool     `json:"truncated"`          // more was found than the two list
	Notices   []Notice `json:"notices"`
	Fonts     []Font   `json:"fonts"` // that the document asks for and this machine lacks
}

// File is a file's identity.
type File struct {
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // lower-case hex
}

// Item is one thing that was taken out, or one of a kind that was. Kind is one of the Kind constants of packages docx and
// pdfclean.
type Item struct {
	Kind      string `json:"kind"`
	Part      string `json:"part,omitempty"`      // of a Word document: body, header1, footnotes …
	Paragraph int    `json:"paragraph,omitempty"` // from 1, within the part, as the document came in
	Page      int    `json:"page,omitempty"`      // of a PDF, from 1
	Property  string `json:"property,omitempty"`  // name of a document property, as docProps or the PDF has it
	Text      string `json:"text,omitempty"`      // its words, shortened; of a property its value
	Author    string `json:"author,omitempty"`    // of a change or comment
	Count     int    `json:"count"`
}

// Notice codes: what a person should know although the copy was made. Package pdfcopy has those of PDFs alone.
const (
	NoticeTypeMismatch  = "cleancopy.notice.type_mismatch"  // name, type: the file's name says otherwise
	NoticeAlreadySigned = "cleancopy.notice.already_signed" // the PDF is signed: nothing was changed
	NoticeFontReplaced  = "cleancopy.notice.font_replaced"  // fonts: names, the look may differ
	NoticeDateFields    = "cleancopy.notice.date_fields"    // count: date fields of a .doc show the day of conversion
	NoticeNothingHidden = "cleancopy.notice.nothing_hidden" // nothing had to be taken out, and nothing is hard to see
)

// Notice is one such thing.
type Notice struct {
	Code   string         `json:"code"`
	Params map[string]any `json:"params,omitempty"`
}

// Font is a font that was replaced.
type Font struct {
	Name string `json:"name"`
	By   string `json:"by,omitempty"` // the font that stands in for it, if known
}

// pdfA is what LibreOffice is asked for, and what a PDF becomes where it can.
const pdfA = "PDF/A-2b"

const (
	maxItems = 5000 // listed one by one; a report is read by a person
)

func (r *Report) add(items ...Item) {
	for _, it := range items {
		if len(r.Items) == maxItems {
			r.Truncated = true
			return
		}
		r.Items = append(r.Items, it)
	}
}

func (r *Report) notice(code string, params map[string]any) {
	r.Notices = append(r.Notices, Notice{Code: code, Params: params})
}
