package office

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"sealdesk/signer/cleancopy/office/urp"
	"sealdesk/signer/cleancopy/refusal"
)

// instance is a LibreOffice that runs and is told over its pipe what to do, one thing at a time.
type instance struct {
	office    Office
	profile   profile
	run       *run
	conn      *urp.Conn
	loader    urp.Object // the desktop
	documents atomic.Int32
}

// errGone is that the instance ended or no longer understands, for no reason of the document's that is known.
var errGone = errors.New("LibreOffice does not answer")

// dialEvery is how often it is looked whether LibreOffice listens yet.
const dialEvery = 5 * time.Millisecond

// begin starts an instance with everything private and waits until it listens. The error is errGone or the context's
// cause.
func (o Office) begin(ctx context.Context) (*instance, error) {
	dir, err := os.MkdirTemp("", "sealdesk-office-")
	if err != nil {
		return nil, gone(err)
	}
	p, err := o.profile(ctx, dir)
	i := &instance{office: o, profile: p}
	if err == nil {
		err = i.connect(ctx)
	}
	if err == nil {
		return i, nil
	}
	i.close()
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	return nil, gone(err)
}

func (i *instance) connect(ctx context.Context) error {
	p, err := newPipe()
	if err != nil {
		return err
	}
	i.profile.pipe = p
	if i.run, err = i.office.launch(i.profile, "--accept=pipe,name="+p.name+";urp;"); err != nil {
		return err
	}
	tick := time.NewTicker(dialEvery)
	defer tick.Stop()
	for i.conn == nil {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-i.run.ended:
			return fmt.Errorf("it ended (%v): %s", i.run.err, i.run.words.String())
		case <-tick.C:
			if rw, err := p.dial(); err == nil {
				i.conn = urp.New(rw)
			}
		}
	}
	stop := context.AfterFunc(ctx, i.run.group.end) // which ends the calls
	defer stop()
	i.loader, err = desktop(i.conn)
	return err
}

// desktop gets the object that loads documents.
func desktop(c *urp.Conn) (urp.Object, error) {
	root, err := c.Root("StarOffice.ServiceManager")
	if err != nil {
		return urp.Object{}, err
	}
	factory, err := c.Query(root, createInstance.Interface)
	if err != nil {
		return urp.Object{}, err
	}
	d, err := c.CallObject(factory, createInstance, "com.sun.star.uno.XInterface", "com.sun.star.frame.Desktop")
	if err != nil {
		return urp.Object{}, err
	}
	return c.Query(d, loadComponent.Interface)
}

// Methods that are used, with their places in the interfaces' declarations (udkapi and offapi).
var (
	createInstance = urp.Method{Interface: "com.sun.star.lang.XMultiServiceFactory", Function: 3}
	loadComponent  = urp.Method{Interface: "com.sun.star.frame.XComponentLoader", Function: 3}
	storeToURL     = urp.Method{Interface: "com.sun.star.frame.XStorable", Function: 8}
	closeDocument  = urp.Method{Interface: "com.sun.star.util.XCloseable", Function: 5}
)

// loading is how documents are loaded: unseen, unasked, unchanged, without macros and without updating what is linked.
var loading = []urp.Property{
	{Name: "Hidden", Value: true},
	{Name: "Silent", Value: true},
	{Name: "ReadOnly", Value: true},
	{Name: "MacroExecutionMode", Value: int16(0)}, // document.MacroExecMode.NEVER_EXECUTE
	{Name: "UpdateDocMode", Value: int16(0)},      // document.UpdateDocMode.NO_UPDATE
}

// convert turns in into out. After an error the instance is of no more use. The error is errGone, a bound or a refusal.
func (i *instance) convert(ctx context.Context, in, out string, format Format) error {
	i.documents.Add(1)
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = i.loadAndStore(in, out, format)
	}()
	if bound := i.run.watch(ctx, i.office, done, filepath.Dir(out), i.profile.dir); bound != nil {
		return bound
	}
	var thrown *urp.Exception
	if errors.As(err, &thrown) {
		return failed(err, thrown.Error())
	}
	if err != nil {
		return gone(err)
	}
	if st, err := os.Stat(out); err != nil || st.Size() == 0 {
		return failed(err, i.run.words.String())
	}
	return nil
}

func gone(err error) error { return fmt.Errorf("%w: %w", errGone, err) }

func (i *instance) loadAndStore(in, out string, format Format) error {
	c := i.conn
	doc, err := c.CallObject(i.loader, loadComponent, "com.sun.star.lang.XComponent", fileURL(in), "_blank", int32(0), loading)
	if err != nil {
		return err
	}
	if !doc.Valid() {
		return failed(nil, "the document could not be loaded")
	}
	storable, err := c.Query(doc, storeToURL.Interface)
	if err != nil {
		return err
	}
	if err := c.Call(storable, storeToURL, fileURL(out), format.storing()); err != nil {
		return err
	}
	closeable, err := c.Query(doc, closeDocument.Interface)
	if err != nil {
		return err
	}
	if err := c.Call(closeable, closeDocument, true); err != nil {
		return err
	}
	for _, o := range []urp.Object{closeable, storable, doc} {
		if err := c.Release(o); err != nil {
			return err
		}
	}
	return nil
}

// refused tells that an error is about the document, not about the instance.
func refused(err error) bool {
	var r *refusal.Error
	return errors.As(err, &r)
}

// ended tells that the process is gone.
func (i *instance) ended() bool {
	select {
	case <-i.run.ended:
		return true
	default:
		return false
	}
}

// close ends the instance at once and leaves nothing of it behind. It holds no work of anyone.
func (i *instance) close() {
	if i.conn != nil {
		_ = i.conn.Close() // nothing is under way on it
	}
	if i.run != nil {
		i.run.close()
	}
	i.profile.remove()
}
