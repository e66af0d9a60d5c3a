package assets

import _ "embed"

//go:generate sh -c "cd samples && go run make.go"

//go:embed samples/sample-contract.docx
var sampleContract []byte

// SampleContract returns a contract of several pages as a Word document (docx). It
// holds a tracked insertion, a tracked deletion and a comment, and a last page
// with the lines 采购人（盖章）： and 中标单位（盖章）： beside each other, each with
// room for a seal of 42 mm.
func SampleContract() []byte { return sampleContract }
