package desk

import (
	"context"

	"sealdesk/platformapi/client"
	"sealdesk/ui/desk/checkup"
)

// Checkup looks this computer over (检测环境): the way from the port to each certificate, and what else the program needs. It
// takes seconds. The platform is asked as the client goes there, logged in or not; s is nil where nobody is.
func (d *Desk) Checkup(ctx context.Context, s *Session) checkup.Report { return d.checkup(s).Run(ctx) }

func (d *Desk) checkup(s *Session) checkup.Checkup {
	c := checkup.Checkup{
		Words: d.cfg.Words, Data: d.cfg.Folders.Data, Cache: d.cfg.Folders.Cache,
		Libraries: d.cfg.Libraries, Drivers: d.cfg.Drivers,
		Converter: d.cfg.Converter, Kept: d.Converter(),
	}
	if s != nil {
		c.Clock = s.platform.Now
	} else if p, ok := d.Platform(); ok {
		if asked, err := client.New(p.Address, client.Options{RootCAs: d.webRoots(), Proxy: d.Proxy}); err == nil {
			c.Clock = asked.Now
		}
	}
	return c
}

// SaveBundle writes what was found, with versions and libraries, as a ZIP file for whoever helps. Nothing secret is in it. A file
// that is there already is not overwritten.
func (d *Desk) SaveBundle(r checkup.Report, path string) error {
	data, err := d.checkup(nil).Bundle(r, d.cfg.Program)
	if err != nil {
		return err
	}
	return writeNew(path, data)
}
