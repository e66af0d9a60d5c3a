package desk

import (
	"strings"

	"sealdesk/ui/desk/link"
)

// Follows tells whether a link leads to the platform that the desk is at. It changes nothing: a link neither adds a platform nor
// goes to another one. Errors: desk.link_unknown, desk.link_elsewhere.
func (d *Desk) Follows(l link.Link) error {
	host := strings.TrimPrefix(l.Platform, "https://")
	if at, ok := d.Platform(); ok && at.Address == l.Platform || !ok && d.cfg.PlatformURL != "" && strings.TrimSuffix(d.cfg.PlatformURL, "/") == l.Platform {
		return nil
	}
	if d.cfg.Book != nil {
		if p, ok := d.cfg.Book.Find(l.Platform); ok {
			return fault("link_elsewhere", nil, "name", p.Name, "here", d.PlatformName())
		}
	}
	return fault("link_unknown", nil, "host", host)
}
