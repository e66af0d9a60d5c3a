package doctor

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealdesk/token/foreign"
	"sealdesk/token/libraries"
	"sealdesk/token/profile"
)

// Bounds on what the file system tells.
const (
	maxDevices   = 512
	maxAttribute = 256       // bytes
	maxRules     = 1024      // files of a folder
	maxRule      = 256 << 10 // bytes of a file
	dialTimeout  = 2 * time.Second
)

// Classes of the USB standard.
const (
	classHub      = "09"
	classCardRead = "0b" // CCID, of an interface
)

// device is a USB device that is plugged in.
type device struct {
	number   string            // vendor and product, "055c:db08"
	says     string            // what the device calls itself
	node     string            // its path below the root
	profiles []profile.Profile // the products that it may be
	product  string            // their name
	reader   bool              // it is a reader of smart cards to the system, whatever it looks like
}

// usb looks for keys in the ports.
func (e *examination) usb() []device {
	if e.System != "linux" {
		e.add(Check{Step: USB, Code: "doctor.usb_elsewhere", State: NotApplicable})
		return nil
	}
	const devices = "sys/bus/usb/devices"
	entries, err := os.ReadDir(filepath.Join(e.Root, devices))
	if err != nil || len(entries) == 0 {
		e.add(Check{Step: USB, Code: "doctor.usb_no_bus", State: Warning, Advice: "doctor.usb_no_bus"})
		return nil
	}
	entries = entries[:min(len(entries), maxDevices)]
	readers := map[string]bool{}
	for _, entry := range entries {
		if name, _, isInterface := strings.Cut(entry.Name(), ":"); isInterface {
			at := filepath.Join(e.Root, devices, entry.Name())
			readers[name] = readers[name] || attribute(at, "bInterfaceClass") == classCardRead
		}
	}
	var known []device
	others := 0
	for _, entry := range entries {
		at := filepath.Join(e.Root, devices, entry.Name())
		d := device{
			number: attribute(at, "idVendor") + ":" + attribute(at, "idProduct"), reader: readers[entry.Name()],
			says: foreign.Clean(attribute(at, "manufacturer")+" "+attribute(at, "product"), maxDetail),
		}
		if strings.Contains(entry.Name(), ":") || len(d.number) != len("055c:db08") || attribute(at, "bDeviceClass") == classHub {
			continue
		}
		bus, busErr := strconv.Atoi(attribute(at, "busnum"))
		dev, devErr := strconv.Atoi(attribute(at, "devnum"))
		if busErr == nil && devErr == nil {
			d.node = filepath.Join("dev/bus/usb", fmt.Sprintf("%03d", bus), fmt.Sprintf("%03d", dev))
		}
		e.recognise(&d)
		switch {
		case len(d.profiles) > 0:
			e.add(Check{
				Step: USB, Code: "doctor.usb_key", State: OK, Detail: d.says,
				Params: map[string]any{"product": d.product, "usb": d.number},
			})
		case d.reader:
			e.add(Check{Step: USB, Code: "doctor.usb_reader", State: OK, Params: map[string]any{"usb": d.number}})
		default:
			others++
			continue
		}
		known = append(known, d)
	}
	if len(known) == 0 {
		e.add(Check{
			Step: USB, Code: "doctor.usb_none", State: Warning, Advice: "doctor.usb_none", Params: map[string]any{"others": others},
		})
	}
	return known
}

// recognise finds the products that a device may be: those that have its whole number, or else those of its vendor.
func (e *examination) recognise(d *device) {
	vendor, _, _ := strings.Cut(d.number, ":")
	var names []string
	for _, number := range []string{d.number, vendor} {
		for _, p := range e.set.Profiles() {
			if !slices.Contains(p.USB, number) {
				continue
			}
			d.profiles = append(d.profiles, p)
			name := e.name(p.Product)
			if number == vendor {
				name = e.name(p.Vendor)
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(d.profiles) > 0 {
			break
		}
	}
	d.product = strings.Join(names, " / ")
}

// servedBy tells whether a library is one of a product that the device may be. What a person added counts by its vendor.
func (d device) servedBy(l libraries.Library) bool {
	return slices.ContainsFunc(d.profiles, func(p profile.Profile) bool {
		return p.ID == l.Profile.ID || l.Own && p.Vendor == l.Profile.Vendor
	})
}

// attribute reads one of the small files by which Linux describes a device; it is empty when there is none.
func attribute(device, name string) string {
	data, err := readBounded(filepath.Join(device, name), maxAttribute)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// rulesFile is where the advice has a missing rule written. Rules before number 73 decide who sits at the machine.
const rulesFile = "/etc/udev/rules.d/70-sealdesk-keys.rules"

// access looks whether this person may open the keys that are plugged in.
func (e *examination) access(plugged []device) {
	if e.System != "linux" {
		e.add(Check{Step: Access, Code: "doctor.access_elsewhere", State: NotApplicable})
		return
	}
	asked := false
	for _, d := range plugged {
		// A reader is opened by the PC/SC service, which is root's.
		if len(d.profiles) == 0 || d.node == "" || d.reader && e.onlyPCSC(d) {
			continue
		}
		asked = true
		c := Check{Step: Access, Code: "doctor.access", State: OK, Params: map[string]any{"product": d.product, "node": "/" + d.node}}
		f, err := os.OpenFile(filepath.Join(e.Root, d.node), os.O_RDWR, 0)
		switch {
		case err == nil:
			f.Close()
		case os.IsNotExist(err):
			c.Code, c.State, c.Advice = "doctor.access_no_node", Broken, "doctor.access_no_node"
		default:
			vendor, product, _ := strings.Cut(d.number, ":")
			c.Code, c.State, c.Advice, c.Detail = "doctor.access_denied", Broken, "doctor.access_rule", foreign.Clean(err.Error(), maxDetail)
			const rule = `SUBSYSTEM=="usb", ATTR{idVendor}=="%s", ATTR{idProduct}=="%s", TAG+="uaccess"`
			c.Params["file"], c.Params["rule"] = rulesFile, fmt.Sprintf(rule, vendor, product)
			if e.hasRule(vendor) {
				c.Advice = "doctor.access_replug"
			}
		}
		e.add(c)
	}
	if !asked {
		e.add(Check{Step: Access, Code: "doctor.access_no_key", State: NotApplicable})
	}
}

// onlyPCSC tells whether all libraries for the device that are here reach it through the service.
func (e *examination) onlyPCSC(d device) bool {
	any := false
	for _, l := range e.found {
		if d.servedBy(l) {
			if !l.Profile.UsesPCSC(l.Library) {
				return false
			}
			any = true
		}
	}
	return any
}

// hasRule tells whether a rule of udev names the vendor: then the key only has to be plugged in anew.
func (e *examination) hasRule(vendor string) bool {
	for _, folder := range []string{"etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"} {
		files, err := filepath.Glob(filepath.Join(e.Root, folder, "*.rules"))
		if err != nil {
			continue
		}
		for _, file := range files[:min(len(files), maxRules)] {
			rules, err := readBounded(file, maxRule)
			if err == nil && bytes.Contains(bytes.ToLower(rules), []byte(`{idvendor}=="`+vendor+`"`)) {
				return true
			}
		}
	}
	return false
}

// service looks whether the PC/SC service answers, where a library needs it.
func (e *examination) service(plugged []device) {
	if e.System != "linux" {
		e.add(Check{Step: Service, Code: "doctor.service_elsewhere", State: NotApplicable})
		return
	}
	var needs []string
	for _, l := range e.found {
		if name := filepath.Base(l.Library); l.Profile.UsesPCSC(l.Library) && !slices.Contains(needs, name) {
			needs = append(needs, name)
		}
	}
	if len(needs) == 0 {
		e.add(Check{Step: Service, Code: "doctor.service_not_needed", State: NotApplicable})
		return
	}
	c := Check{Step: Service, Code: "doctor.service", State: OK, Params: map[string]any{"library": strings.Join(needs, ", ")}}
	const socket = "run/pcscd/pcscd.comm"
	conn, err := net.DialTimeout("unix", filepath.Join(e.Root, socket), dialTimeout)
	if err == nil {
		conn.Close()
	} else {
		e.noService = true
		c.Code, c.State, c.Advice, c.Detail = "doctor.service_missing", Warning, "doctor.service_missing", foreign.Clean(err.Error(), maxDetail)
		// Without a key that it would reach, the service is missed by nobody.
		if slices.ContainsFunc(plugged, func(d device) bool { return d.reader && (len(d.profiles) == 0 || e.onlyPCSC(d)) }) {
			c.State = Broken
		}
	}
	e.add(c)
}
