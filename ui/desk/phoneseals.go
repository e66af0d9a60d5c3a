package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"sealdesk/signer/seal"
	"sealdesk/token"
)

// phoneForms are the forms of a phone's kinds of seals that we draw, too.
var phoneForms = map[string]seal.Form{"official": seal.Company, "contract": seal.Contract, "finance": seal.Finance, "legal_person": seal.Personal}

// takeFromPhone has the case offer the seals that came with a phone's link. They are kept for the time when there is no link yet,
// and the next link brings them up to date: what the phone has no more goes, and what the person removed here stays removed
// until it is changed on the phone.
func (c *SealCase) takeFromPhone(ctx context.Context, t token.Token) error {
	reader, ok := t.(token.SealReader)
	if !ok {
		return nil
	}
	pictures, err := reader.Seals(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	there, err := c.kept()
	if err != nil {
		return err
	}
	now := map[string]token.SealPicture{}
	for _, p := range pictures {
		now[phoneSealID(p)] = p
	}
	var errs []error
	there = slices.DeleteFunc(there, func(s SealChoice) bool {
		_, still := now[s.ID]
		gone := s.Source == SealFromPhone && !still
		if gone {
			errs = append(errs, os.RemoveAll(filepath.Join(c.dir(), s.ID)))
		}
		return gone
	})
	for _, id := range slices.Sorted(maps.Keys(now)) {
		if c.had(id) {
			continue
		}
		taken, err := c.takePicture(id, now[id], there)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		there = append(there, taken)
	}
	return errors.Join(errs...)
}

// had tells that a seal of this id is in the case, or was removed by the person.
func (c *SealCase) had(id string) bool {
	for _, dir := range []string{c.dir(), filepath.Join(c.dir(), removedFolder)} {
		if _, err := os.Lstat(filepath.Join(dir, id)); err == nil {
			return true
		}
	}
	return false
}

// phoneSealID names what is kept of a phone's seal. A seal that was changed on the phone is another one.
func phoneSealID(p token.SealPicture) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %v %v ", p.ID, p.Name, p.Kind, p.WidthMM, p.HeightMM)
	h.Write(p.PNG)
	return fmt.Sprintf("phone-%x", h.Sum(nil)[:16])
}

// takePicture keeps one under its id; c.mu is held.
func (c *SealCase) takePicture(id string, p token.SealPicture, there []SealChoice) (SealChoice, error) {
	if !(min(p.WidthMM, p.HeightMM) > 0 && max(p.WidthMM, p.HeightMM) <= maxSealMM) {
		return SealChoice{}, fault("seal_no_size", nil)
	}
	picture, err := seal.Load(bytes.NewReader(p.PNG), seal.Limits{Bytes: maxSeal})
	if err != nil {
		return SealChoice{}, err
	}
	title, err := sealTitle(p.Name)
	if err != nil {
		return SealChoice{}, err
	}
	s := SealChoice{
		ID: id, Title: numbered(title, there), Owner: c.key.Owner, Form: phoneForms[p.Kind], Source: SealFromPhone,
		Seal: seal.Seal{Name: title, Image: picture.Image, WidthMM: p.WidthMM, HeightMM: p.HeightMM},
	}
	face, err := encodeFace(s)
	if err != nil {
		return SealChoice{}, err
	}
	return c.put(s, face)
}
