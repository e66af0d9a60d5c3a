package platformapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// HistoryHash is the hash of a row: SHA-256 over the hash before it (empty for the first) and the row's members in a fixed
// order. A change of any earlier row changes every later hash.
func HistoryHash(contractID, before string, r HistoryRow) (string, error) {
	row, err := json.Marshal([]any{
		contractID, before, r.Seq, r.Round, r.Step, r.Person, r.Organisation.USCC, r.Organisation.Name,
		r.ReceivedAt.UTC().Format(time.RFC3339Nano), r.HandledAt.UTC().Format(time.RFC3339Nano), r.Opinion, r.SHA256,
	})
	if err != nil {
		return "", fmt.Errorf("history row %d: %w", r.Seq, err)
	}
	sum := sha256.Sum256(row)
	return hex.EncodeToString(sum[:]), nil
}

// CheckHistory follows the chain of a contract's whole history and says which row does not fit.
func CheckHistory(contractID string, rows []HistoryRow) error {
	before := ""
	for i, r := range rows {
		if r.Seq != i+1 {
			return fmt.Errorf("history of %s: row %d is numbered %d", contractID, i+1, r.Seq)
		}
		h, err := HistoryHash(contractID, before, r)
		if err != nil {
			return err
		}
		if h != r.Hash {
			return fmt.Errorf("history of %s: row %d was changed", contractID, r.Seq)
		}
		before = h
	}
	return nil
}
