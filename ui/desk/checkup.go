package desk

import "sealdesk/ui/desk/checkup"

// Checkup is what 检测环境 looks over on this computer: its Run takes seconds. The platform is asked where somebody is logged in;
// s is nil where nobody is.
func (d *Desk) Checkup(s *Session) checkup.Checkup {
	c := checkup.Checkup{
		Words: d.cfg.Words, Data: d.cfg.Folders.Data, Cache: d.cfg.Folders.Cache,
		Libraries: d.cfg.Libraries, Drivers: d.cfg.Drivers,
	}
	if s != nil {
		c.Clock = s.platform.Now
	}
	return c
}
