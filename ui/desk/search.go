package desk

import "strings"

// containsFold tells whether words occurs in one of the texts, whatever the case; empty words occur everywhere.
func containsFold(words string, texts ...string) bool {
	words = strings.ToLower(strings.TrimSpace(words))
	for _, t := range texts {
		if strings.Contains(strings.ToLower(t), words) {
			return true
		}
	}
	return words == ""
}
