package tasks

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
)

// Kind is what is to be done.
type Kind string

// What is to be done, and what of a Task leads there.
const (
	Refused Kind = "refused" // Contract: the platform did not take a change; it is sent again or taken back
	Begin   Kind = "begin"   // Lot: 新增合同签订
	Write   Kind = "write"   // Contract: it is fit to be written on
	Submit  Kind = "submit"  // Contract: it is sealed and not sent
	Mend    Kind = "mend"    // Contract: the other side sent it back
	Review  Kind = "review"  // Contract: 审核
	Seal    Kind = "seal"    // Contract: 加盖印章
	Agree   Kind = "agree"   // Contract: 同意
	Handle  Kind = "handle"  // Contract: it is one's turn, for something that is not known here
	Publish Kind = "publish" // Contract: 公示
	File    Kind = "file"    // Contract: 备案
	Bid     Kind = "bid"     // Project: it is to be handed in
	Opening Kind = "opening" // Tender: 开标
)

// Urgency is how much a task presses, the most urgent first.
type Urgency int

// The urgencies.
const (
	Now  Urgency = iota // it goes on at this moment, or has failed
	Over                // its term is over
	Soon                // its term is nearly over
	Calm                // there is time
	Free                // it has no term
)

// A Task is one thing that waits for a party.
type Task struct {
	Kind    Kind
	Title   string // the project
	Note    string // the lot, or which document it is; may be empty
	Other   string // whom it is done with; may be empty
	Urgency Urgency
	Due     time.Time             // the first moment that is too late; zero where there is none
	Term    *platformapi.Deadline // the legal term that ends then, with the days that are left now; nil where the law has none

	Contract string
	Lot      *platformapi.Lot
	Project  string // the id of the bid on this machine
	Tender   *platformapi.Tender
}

// A Sent is something on its way: with the other side, the platform, or still here.
type Sent struct {
	Title string
	Note  string
	Other string
	At    time.Time             // when it was sent
	Term  *platformapi.Deadline // a legal term that is over or nearly so meanwhile; nil where none is

	// One of these says where it is.
	Contract *platformapi.ContractSummary // with the other side
	Change   *outbox.Entry                // here, until the platform takes it
	Project  string                       // a bid that was handed in: the id on this machine, or
	Tender   *platformapi.Tender          // the tender, where it was handed in from another
	Opens    time.Time                    // when the bid is opened
}

// A Board is what there is to see.
type Board struct {
	Waiting []Task // what is on at this moment first, then by their terms
	Sent    []Sent // the newest first, what is still here before that
	More    bool   // there may be more than this
}

// Most is how many lines a board has of each.
const Most = 500

// Count counts the tasks of an urgency.
func (b Board) Count(u Urgency) int {
	n := 0
	for _, t := range b.Waiting {
		if t.Urgency == u {
			n++
		}
	}
	return n
}

// Next is the next moment at which something comes due; zero where nothing does.
func (b Board) Next(now time.Time) time.Time {
	var next time.Time
	for _, t := range b.Waiting {
		if t.Due.After(now) && (next.IsZero() || t.Due.Before(next)) {
			next = t.Due
		}
	}
	return next
}

// settle sorts the board and cuts it to its size.
func (b *Board) settle() {
	slices.SortStableFunc(b.Waiting, func(x, y Task) int {
		return cmp.Or(cmp.Compare(failing(x), failing(y)), last(x.Due, y.Due), cmp.Compare(x.Title, y.Title), cmp.Compare(x.Note, y.Note))
	})
	slices.SortStableFunc(b.Sent, func(x, y Sent) int {
		return cmp.Or(cmp.Compare(here(x), here(y)), y.At.Compare(x.At), cmp.Compare(x.Title, y.Title))
	})
	if len(b.Waiting) > Most || len(b.Sent) > Most {
		b.More = true
		b.Waiting, b.Sent = b.Waiting[:min(len(b.Waiting), Most)], b.Sent[:min(len(b.Sent), Most)]
	}
}

// failing puts what cannot wait for any term first.
func failing(t Task) int {
	if t.Urgency == Now {
		return 0
	}
	return 1
}

// last compares times, of which none comes last.
func last(x, y time.Time) int {
	switch {
	case x.IsZero() == y.IsZero():
		return x.Compare(y)
	case x.IsZero():
		return 1
	}
	return -1
}

func here(s Sent) int {
	if s.Change != nil {
		return 0
	}
	return 1
}

// maxLine bounds a text of a board, in characters.
const maxLine = 120

// line makes one line of the parts of a text that came from outside.
func line(parts ...string) string {
	var out []rune
	for _, part := range parts {
		if strings.TrimSpace(part) == "" {
			continue
		}
		if len(out) > 0 {
			out = append(out, '　')
		}
		for _, r := range part {
			if len(out) >= maxLine {
				return string(out) + "…"
			}
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				r = ' '
			}
			out = append(out, r)
		}
	}
	return strings.TrimSpace(string(out))
}
