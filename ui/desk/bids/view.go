package bids

import (
	"time"

	"sealdesk/signer/bid"
	"sealdesk/signer/cleancopy"
)

// Stage is how far the file of a part has come.
type Stage string

// The stages, in their order.
const (
	None    Stage = ""        // 未添加
	Added   Stage = "added"   // the person has not seen yet what was taken out
	Ready   Stage = "ready"   // 已清稿, or a file that is used as it is
	Stamped Stage = "stamped" // 已签章
)

// A Node is a part of the outline with what there is of it.
type Node struct {
	bid.OutlinePart
	Stage    Stage
	File     File              // as it would go into the bid
	Original string            // the name of the person's file
	Report   *cleancopy.Report // nil for a file that is used as it is
	Credit   string            // the credit library's entry
	Stamps   bool              // a seal can be put on it
	Done     bool              // nothing is left to do
}

// A View is a project as the page shows it. It is a copy: it does not change.
type View struct {
	ID       string
	Tender   Tender
	Outline  *bid.Outline
	Identity *Identity
	Nodes    []Node // in the outline's order
	Price    []PriceLine
	Built    *Built
	Stale    bool // what goes into the bid was changed since it was built
	Sent     []Sent
	Begun    time.Time
	Changed  time.Time
}

// View is the state now.
func (p *Project) View() View {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state
	v := View{ID: p.ID(), Tender: s.Tender, Outline: p.outline, Identity: s.Identity, Price: s.lines(p.outline), Built: s.Built,
		Sent: s.clone().Sent, Begun: s.Begun, Changed: s.Changed}
	v.Stale = s.Built != nil && s.Built.Of != s.content(p.outline)
	for _, part := range p.outline.Parts {
		v.Nodes = append(v.Nodes, nodeOf(part, s.Nodes[part.Code]))
	}
	return v
}

func nodeOf(part bid.OutlinePart, n *node) Node {
	out := Node{OutlinePart: part}
	if n == nil {
		out.Done = !part.Required
		return out
	}
	out.File, out.Original, out.Report, out.Credit, out.Stamps = n.goesIn(), n.Original.Name, n.Report, n.Credit, n.Clean != nil
	switch {
	case n.Sealed != nil:
		out.Stage = Stamped
	case n.Clean == nil || n.Confirmed:
		out.Stage = Ready
	default:
		out.Stage = Added
	}
	out.Done = out.Stage == Stamped || out.Stage == Ready && !part.Stamp
	return out
}

// Node is a part by its code.
func (v View) Node(code string) (Node, bool) {
	for _, n := range v.Nodes {
		if n.Code == code {
			return n, true
		}
	}
	return Node{}, false
}

// ToStamp are the codes of the parts that a seal is asked for, or may be put on, and has none yet.
func (v View) ToStamp() []string {
	var out []string
	for _, n := range v.Nodes {
		if n.Stage == Ready && n.Stamps {
			out = append(out, n.Code)
		}
	}
	return out
}

// Late tells that nothing can be handed in any more.
func (v View) Late(now time.Time) bool {
	return !v.Tender.Deadline.IsZero() && !now.Before(v.Tender.Deadline)
}
