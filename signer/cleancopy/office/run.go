package office

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// run is a started LibreOffice.
type run struct {
	group group
	words tail
	ended chan struct{} // closed when the process has ended
	err   error         // how it ended; to be read after that
}

// launch starts LibreOffice with a profile. What it leaves beside the profile, leave names, for the case that we die.
func (o Office) launch(p profile, args ...string) (*run, error) {
	args = append([]string{
		"-env:UserInstallation=" + fileURL(p.user()),
		"--headless", "--invisible", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard", "--nologo",
	}, args...)
	for isolated := true; ; isolated = false {
		r := &run{ended: make(chan struct{})}
		cmd := exec.Command(o.Program, args...)
		cmd.Dir = p.dir
		cmd.Env = environment(p.tmp())
		cmd.Stdout, cmd.Stderr = &r.words, &r.words
		cmd.WaitDelay = 2 * time.Second
		isolated = isolated && isolate(cmd)
		g, err := start(cmd, o.MaxMemory, p.traces()...)
		if err != nil && isolated {
			continue // the kernel or its administrator does not permit namespaces: go on behind the closed port alone
		}
		if err != nil {
			return nil, err
		}
		r.group = g
		go func() {
			r.err = cmd.Wait()
			close(r.ended)
		}()
		return r, nil
	}
}

// close ends what still runs and waits for it.
func (r *run) close() {
	r.group.end()
	<-r.ended
	r.group.close()
}

const watchEvery = 100 * time.Millisecond

// watch waits until done and gives nil, or ends the whole group when the context ends or a bound is passed, and gives
// what it was. The result grows in out, everything in work.
func (r *run) watch(ctx context.Context, o Office, done <-chan struct{}, out, work string) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			if sizeOf(out) > o.MaxOutput {
				return errSize
			}
			return nil
		case <-ctx.Done():
			r.group.end()
			<-done
			return context.Cause(ctx)
		case <-tick.C:
			if err := o.exceeded(r.group, out, work); err != nil {
				r.group.end()
				<-done
				return err
			}
		}
	}
}

func (o Office) exceeded(g group, out, work string) error {
	if g.memory() > o.MaxMemory {
		return errMemory
	}
	if sizeOf(work) > 4*o.MaxOutput || sizeOf(out) > o.MaxOutput {
		return errSize
	}
	return nil
}

// sizeOf adds up the files below dir. Files that come and go meanwhile are not missed.
func sizeOf(dir string) (total int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total
}

// environment passes on what LibreOffice needs to start and to find fonts; no proxy, no settings of the person.
func environment(tmp string) []string {
	env := []string{
		"TMPDIR=" + tmp, "TMP=" + tmp, "TEMP=" + tmp, "LC_ALL=C.UTF-8", "SAL_USE_VCLPLUGIN=svp", "SAL_DISABLE_OPENCL=1",
		"DCONF_PROFILE=/dev/null", // no settings of the desktop's
	}
	for _, name := range []string{
		"PATH", "HOME", "LD_LIBRARY_PATH", "XDG_DATA_HOME", "XDG_DATA_DIRS", "FONTCONFIG_FILE", "FONTCONFIG_PATH",
		"SystemRoot", "SystemDrive", "windir", "ProgramFiles", "ProgramData", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "COMSPEC", "PATHEXT",
	} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
