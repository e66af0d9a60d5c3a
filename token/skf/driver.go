package skf

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sealdesk/token"
	"sealdesk/token/poll"
	"sealdesk/token/profile"
	"sealdesk/token/uri"
)

// refresh is how often a watch looks for devices.
const refresh = time.Second

// Driver finds the tokens that one library reaches: the applications of its devices. It is not guarded, see token.Guard; it is
// meant for the process that holds the library.
type Driver struct {
	library *library
	thread  *thread
	refresh time.Duration
	end     func() error // does what Close does, once

	// What follows belongs to the thread.
	devices map[string]*device  // open ones, by name
	tokens  map[place]*skfToken // of the devices that were listed last: a token that stays is the same one at every call
	uris    map[string][]string // of the tokens on the devices that a watch saw last, by the device's name
}

// place is where a token is.
type place struct {
	device, serial string // the name by which the library knows the device, and the device's own number
	app            string // empty: the device has no application
}

// device is an open device. It is open once, however many use it: some libraries give every caller the same handle, and closing
// it would close it for all.
type device struct {
	name   string
	handle handle
	info   deviceInfo
	users  int
	gone   bool // it was pulled out; should it be back, it is another one
}

// Open loads the library and gives its driver. The path is absolute. The profile says in what the library departs from
// GM/T 0016; its zero value will do where nothing is known.
func Open(path string, p profile.SKF) (*Driver, error) {
	d := &Driver{
		thread: newThread(), refresh: refresh,
		devices: map[string]*device{}, tokens: map[place]*skfToken{}, uris: map[string][]string{},
	}
	d.end = sync.OnceValue(d.finish)
	err := d.thread.do(context.Background(), func() (err error) {
		d.library, err = load(path, p)
		return err
	})
	if err != nil {
		d.thread.close()
		return nil, err
	}
	return d, nil
}

// Close locks every token and ends the driver, which is used no more. The library stays loaded. Closing it again does nothing.
func (d *Driver) Close() error { return d.end() }

func (d *Driver) finish() error {
	err := d.thread.do(context.Background(), func() error {
		var failed error
		for _, t := range d.tokens {
			failed = errors.Join(failed, t.lock())
		}
		return failed
	})
	d.thread.close()
	return err
}

// Tokens lists the applications of all devices that are plugged in, and every device that has none.
func (d *Driver) Tokens(ctx context.Context) ([]token.Token, error) {
	var tokens []token.Token
	err := d.thread.do(ctx, func() error {
		names, err := d.enumerate()
		if err != nil {
			return err
		}
		for p, t := range d.tokens {
			if !slices.Contains(names, p.device) {
				t.lock()
				delete(d.tokens, p)
			}
		}
		var failed error
		for _, name := range names {
			_, err := d.on(name, func(t *skfToken) { tokens = append(tokens, t) })
			if err != nil && !errors.Is(err, token.ErrRemoved) { // one device that fails does not hide the others
				failed = errors.Join(failed, err)
			}
		}
		if len(tokens) == 0 {
			return failed
		}
		return nil
	})
	return tokens, err
}

// enumerate names the devices that are plugged in. One library, on a machine without USB, tells of a list of 4 GB and then
// fails to give it: that is an empty one.
func (d *Driver) enumerate() ([]string, error) {
	names, err := d.library.list("SKF_EnumDev", uint32(present))
	if err == nil {
		for name, dev := range d.devices {
			if !slices.Contains(names, name) {
				d.lost(dev)
			}
		}
		return names, nil
	}
	var size uint32
	if d.library.call("SKF_EnumDev", uint32(present), []byte(nil), &size) == nil && (size == 0 || size > maxNames) {
		return nil, nil
	}
	return nil, err
}

const present = 1 // SKF_EnumDev: only devices that are plugged in

// on reads what tokens a device holds, and gives their URIs.
func (d *Driver) on(name string, each func(*skfToken)) ([]string, error) {
	dev, err := d.connect(name)
	if err != nil {
		return nil, d.judge(name, nil, err)
	}
	defer d.release(dev)
	apps, err := d.library.list("SKF_EnumApplication", dev.handle)
	if err != nil {
		return nil, d.judge(name, dev, err)
	}
	if len(apps) == 0 {
		apps = []string{""}
	}
	var uris []string
	for _, app := range apps {
		p := place{name, dev.info.serial, app}
		t := d.tokens[p]
		if t == nil {
			t = &skfToken{driver: d, place: p, ways: map[string]way{}, tries: -1}
			d.tokens[p] = t
		}
		each(t)
		uris = append(uris, dev.uri(app))
	}
	return uris, nil
}

// connect opens a device, or shares it if it is open and still the same. Each connect is followed by a release.
func (d *Driver) connect(name string) (*device, error) {
	if dev := d.devices[name]; dev != nil {
		if info, err := d.read(dev.handle); err == nil && info == dev.info {
			dev.users++
			return dev, nil
		}
		d.lost(dev)
	}
	dev := &device{name: name, users: 1}
	if err := d.library.call("SKF_ConnectDev", text(name), &dev.handle); err != nil {
		return nil, err
	}
	var err error
	if dev.info, err = d.read(dev.handle); err != nil {
		d.disconnect(dev)
		return nil, err
	}
	d.devices[name] = dev
	return dev, nil
}

func (d *Driver) read(device handle) (deviceInfo, error) {
	info := slices.Repeat([]byte{unwritten}, devInfoRoom+slack)
	if err := d.library.call("SKF_GetDevInfo", device, info); err != nil {
		return deviceInfo{}, err
	}
	return d.library.device.parse(info[:devInfoRoom])
}

func (d *Driver) release(dev *device) {
	if dev.users--; dev.users == 0 {
		d.disconnect(dev)
	}
}

// disconnect closes a device. There is nobody to tell should that fail.
func (d *Driver) disconnect(dev *device) {
	d.library.call("SKF_DisConnectDev", dev.handle)
	if d.devices[dev.name] == dev {
		delete(d.devices, dev.name)
	}
}

// lost says that a device was pulled out. What is open of it is closed by those who opened it.
func (d *Driver) lost(dev *device) {
	dev.gone = true
	if d.devices[dev.name] == dev {
		delete(d.devices, dev.name)
	}
}

// judge finds out whether an error means that the device is gone: libraries tell so in many ways, but they list no device that
// is not there. dev is nil if it could not be opened.
func (d *Driver) judge(name string, dev *device, err error) error {
	var e *Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	switch e.outcome {
	case profile.Gone:
	case profile.PINWrong, profile.PINLocked, profile.PINForm, profile.NotSupported:
		return err
	default:
		if names, listErr := d.enumerate(); listErr != nil || slices.Contains(names, name) {
			return err
		}
	}
	if dev != nil {
		d.lost(dev)
	}
	if errors.Is(err, token.ErrRemoved) {
		return err
	}
	return fmt.Errorf("%w: %w", token.ErrRemoved, err)
}

// Watch looks for devices every second. Only those that were not there before are opened for it.
func (d *Driver) Watch(ctx context.Context) (<-chan token.Event, error) {
	return poll.Watch(ctx, d.refresh, func(ctx context.Context) (found []string, err error) {
		err = d.thread.do(ctx, func() error {
			names, err := d.enumerate()
			if err != nil {
				return err
			}
			maps.DeleteFunc(d.uris, func(name string, _ []string) bool { return !slices.Contains(names, name) })
			for _, name := range names {
				if d.uris[name] == nil {
					uris, err := d.on(name, func(*skfToken) {})
					if err != nil {
						continue // it may be ready next time
					}
					d.uris[name] = uris
				}
				found = append(found, d.uris[name]...)
			}
			return nil
		})
		return found, err
	}), nil
}

// uri names an application on the device. A device without a serial number is told apart by the name that the library gives it.
func (dev *device) uri(app string) string {
	path := uri.Attributes{}
	for name, value := range map[string]string{
		"token": dev.label(app), "manufacturer": dev.info.manufacturer, "serial": dev.info.serial,
	} {
		if value != "" {
			path[name] = value
		}
	}
	if dev.info.serial == "" {
		path["slot-description"] = display([]byte(dev.name))
	}
	return (&uri.URI{Scheme: uri.SKF, Path: path}).String()
}

// label is what a token is called: its application, or its device when there is none.
func (dev *device) label(app string) string {
	if app == "" {
		return dev.info.label
	}
	return display([]byte(app))
}
