package bids

import (
	"path/filepath"
	"regexp"
	"strings"

	"sealdesk/signer/bid"
)

// forbidden are the characters that a file's name cannot have on every system, and deviceName the names of Windows' own.
var (
	forbidden  = strings.NewReplacer("/", "_", `\`, "_", ":", "_", "*", "_", "?", "_", `"`, "_", "<", "_", ">", "_", "|", "_")
	deviceName = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$`)
)

// maxBidName is the longest name of a file in a bid, in bytes (FORMAT.md, 4).
const maxBidName = 200

// sources are the parts that there are, in the outline's order, without their contents. Their files have names that a bid takes
// (FORMAT.md, 4): of two with the same name the later one has its part's code behind it.
func (s state) sources(o *bid.Outline) []bid.Source {
	var out []bid.Source
	taken := map[string]bool{}
	for _, part := range o.Parts {
		n := s.Nodes[part.Code]
		if n == nil {
			continue
		}
		name := strings.Trim(forbidden.Replace(n.goesIn().Name), ". ")
		ending := filepath.Ext(name)
		if taken[strings.ToLower(name)] {
			name = strings.TrimSuffix(name, ending) + "-" + part.Code + ending
		}
		if name == "" || len(name) > maxBidName || deviceName.MatchString(name) || taken[strings.ToLower(name)] {
			name = part.Code + ending
		}
		taken[strings.ToLower(name)] = true
		out = append(out, bid.Source{Code: part.Code, Name: name})
	}
	return out
}
