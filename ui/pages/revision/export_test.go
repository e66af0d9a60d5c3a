package revision

import (
	"sealdesk/ui/desk"
	"sealdesk/ui/widgets"
)

// What the tests look at.
func (p *Page) Shown() *desk.Revision                    { return p.shown }
func (p *Page) Current() int                             { return p.reader.View.Current() }
func (p *Page) Buttons() (compare, back *widgets.Button) { return p.compare, p.back }
func (p *Page) T(key string, pairs ...any) string        { return p.t(key, pairs...) }
