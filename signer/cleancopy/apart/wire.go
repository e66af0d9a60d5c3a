package apart

import (
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
)

// task is what the other process is told on its standard input, as one line of JSON. The input stays open until this
// process ends or wants the other's end.
type task struct {
	In       string `json:"in"`
	Out      string `json:"out"`
	CacheDir string `json:"cacheDir"` // of the page engine
	Memory   int64  `json:"memory"`   // bytes
}

// message is a line of what the other process answers. One of its parts is set; the last two end the answer.
type message struct {
	Stage   *stage          `json:"stage,omitempty"`
	Refusal *reason         `json:"refusal,omitempty"`
	Result  *pdfcopy.Result `json:"result,omitempty"`
}

type stage struct {
	Name pdfcopy.Stage `json:"name"`
	Done float64       `json:"done"`
}

type reason struct {
	Code   string         `json:"code"`
	Text   string         `json:"text"`
	Params map[string]any `json:"params"`
}

func (r *reason) err() error { return refusal.New(r.Code, r.Text, r.Params) }
