package desk

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
	"sealdesk/ui/desk/words"
)

// SealSource says where a seal came from.
type SealSource string

// The sources.
const (
	SealFromName SealSource = "certificate" // drawn from the name in the certificate, as long as there is nothing better
	SealMade     SealSource = "made"        // drawn here, as the person chose
	SealFromFile SealSource = "file"
	SealFromKey  SealSource = "key"
	// SealFromPhone came with a phone's link, and is what the phone had then.
	SealFromPhone SealSource = "phone"
)

// A SealChoice is a seal of this party, as the pages show it. Its picture is shared: it is only looked at.
type SealChoice struct {
	ID     string // of what is kept; the form's name for those of SealFromName; empty for what is not kept yet
	Title  string // 合同专用章, 公章, or what the person called it
	Owner  string // whose it is
	Form   seal.Form
	Source SealSource
	Seal   seal.Seal
	Added  time.Time // when it was kept

	// Of an electronic seal (SESeal of GB/T 38540 or GM/T 0031). The picture is the one within it.
	Electronic  []byte // its DER; nil for a picture alone
	Number      string // esID
	Maker       string // 制章者
	From, Until time.Time
	Doubts      []words.Problem // what keeps it from being trusted

	// Broken is why a kept seal cannot be used: it was damaged, or its term is over. It stays where it is.
	Broken *words.Problem
}

// Kept tells whether the seal is in the case, so that it can be renamed and removed.
func (c SealChoice) Kept() bool { return c.ID != "" && c.Source != SealFromName }

// Short is the title without the party's name in front, so that a narrow list shows of which kind each seal is.
func (c SealChoice) Short(party string) string {
	rest := strings.TrimSpace(strings.TrimPrefix(c.Title, party))
	if first, _ := utf8.DecodeRuneInString(rest); unicode.IsLetter(first) {
		return rest
	}
	return c.Title // there is nothing else in it but a number
}

// Expired tells whether an electronic seal's term is over.
func (c SealChoice) Expired(now time.Time) bool { return !c.Until.IsZero() && now.After(c.Until) }

// Expiring tells whether an electronic seal's term ends within ExpiringDays.
func (c SealChoice) Expiring(now time.Time) bool {
	return !c.Until.IsZero() && !c.Expired(now) && c.Until.Sub(now) < ExpiringDays*24*time.Hour
}

// Stampable tells whether signatures with this seal can have a time stamp.
func (c SealChoice) Stampable() bool {
	_, electronic, err := c.pressed()
	return err == nil && stampable(electronic)
}

// stampable says so of pictures, and of electronic seals since GB/T 38540.
func stampable(s *ses.Seal) bool { return s == nil || s.Version != ses.V1 }

// pressed is what the signer is handed: the picture, or the electronic seal, which brings its own.
func (c SealChoice) pressed() (*seal.Seal, *ses.Seal, error) {
	if c.Electronic == nil {
		return &c.Seal, nil, nil
	}
	s, err := ses.ParseSeal(c.Electronic)
	return nil, s, err
}

// The documents that a chosen seal is remembered for.
const (
	SealsForContracts = "contract"
	SealsForBids      = "bid"
)

// SealCase holds the party's seals.
func (s *Session) SealCase() *SealCase { return s.seals }

// Seals are those that this party may put on a contract, the one that was chosen or used last first, and without a choice its
// contract seal. A name that cannot be drawn, for want of a glyph, leaves the kept ones; without any it is the error.
func (s *Session) Seals() ([]SealChoice, error) {
	all, err := s.seals.List(context.Background())
	usable := slices.DeleteFunc(all, func(c SealChoice) bool { return c.Broken != nil })
	if len(usable) == 0 {
		return nil, err
	}
	first := s.seals.Preferred(SealsForContracts)
	slices.SortStableFunc(usable, func(a, b SealChoice) int {
		switch {
		case a.ID == first:
			return -1
		case b.ID == first:
			return 1
		}
		return 0
	})
	return usable, nil
}

// SealFiles are the endings of the files that ImportSeal takes: pictures, and electronic seals as makers of seals name them.
func SealFiles() []string {
	return []string{"png", "jpg", "jpeg", "svg", "esl", "seal", "ses", "dat", "der", "txt"}
}

// ImportSeal takes a seal's file among the party's seals: a picture, at the size that it says or else at a contract seal's, or an
// electronic seal. What is there already is not taken twice.
func (s *Session) ImportSeal(ctx context.Context, path string) (SealChoice, error) {
	draft, err := s.seals.ReadFile(ctx, path)
	if err != nil {
		return SealChoice{}, err
	}
	return s.seals.Keep(draft)
}
