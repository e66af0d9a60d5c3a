package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// settled is how long a window stands before its memory is looked at.
	settled = 10 * time.Second
	// startPatience is how long a window may take.
	startPatience = time.Minute
)

// window is the trial of starting, which is measured by what is on the screen.
var window = trial{name: "start the window", target: "ahead of Okular, to the login page", time: "time to the window", memory: "memory when idle"}

// starting measures how long a program takes until its window is on the screen, with the files that it reads taken out of
// memory as far as nobody else has them, and what memory it holds when it has stood for a while and nobody touched it. The
// screen is Xvfb's: the processor draws, as over remote desktop.
func starting(ctx context.Context, t tools, runs int) ([]row, error) {
	if _, err := exec.LookPath("Xvfb"); err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "x11,migrated_fynedo,no_emoji", "-ldflags", "-s -w", "-o", t.work, "./cmd/sealdesk")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, err
	}
	var rows []row
	for _, c := range []contender{
		{name: "sealdesk", args: []string{filepath.Join(t.work, "sealdesk")}},
		// A program of KDE wants a session's bus, which is started beforehand by a session, and here by this.
		{name: "okular", as: peer, args: []string{"dbus-run-session", "--", "okular"}},
	} {
		r := row{name: c.name, as: c.as}
		if _, err := exec.LookPath(c.args[len(c.args)-1]); err != nil {
			r.missing = true
			rows = append(rows, r)
			continue
		}
		home := filepath.Join(t.work, "home-"+c.name)
		if err := os.Mkdir(home, 0o700); err != nil {
			return nil, err
		}
		c.env = []string{"HOME=" + home, "XDG_DATA_HOME=", "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "XDG_RUNTIME_DIR=" + home, "LC_ALL=C.UTF-8", "WAYLAND_DISPLAY="}
		var times []time.Duration
		var read []string // what the last run had mapped
		for range runs + 1 {
			for _, file := range read {
				if err := fromDisk(file); err != nil && !errors.Is(err, os.ErrPermission) && !errors.Is(err, os.ErrNotExist) {
					return nil, err
				}
			}
			s, err := c.start(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if read != nil { // the first run makes caches and settings, and tells which files are read
				times = append(times, s.time)
				r.peak = max(r.peak, s.memory)
			}
			read = s.files
		}
		slices.Sort(times)
		r.wall = times[len(times)/2]
		rows = append(rows, r)
	}
	return rows, nil
}

// A started window.
type started struct {
	time   time.Duration
	memory int64 // of the program and what it started, each shared page in parts
	files  []string
}

// start runs a program on a screen of its own until its window has stood for a while.
func (c contender) start(ctx context.Context) (started, error) {
	screen, err := os.MkdirTemp("", "sealdesk-screen-")
	if err != nil {
		return started{}, err
	}
	defer os.RemoveAll(screen)
	r, told, err := os.Pipe()
	if err != nil {
		return started{}, err
	}
	defer r.Close()
	x := exec.CommandContext(ctx, "Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-ac", "-fbdir", screen)
	x.ExtraFiles = []*os.File{told}
	err = x.Start()
	told.Close()
	if err != nil {
		return started{}, err
	}
	defer func() {
		_ = x.Process.Kill()
		_ = x.Wait()
	}()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		return started{}, fmt.Errorf("no display was told by Xvfb: %w", err)
	}
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Env = append(append(os.Environ(), c.env...), "DISPLAY=:"+strings.TrimSpace(number))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return started{}, err
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	for !drawn(filepath.Join(screen, "Xvfb_screen0")) {
		if time.Since(begin) > startPatience {
			return started{}, errors.New("no window appeared")
		}
		time.Sleep(5 * time.Millisecond)
	}
	s := started{time: time.Since(begin)}
	select {
	case <-time.After(settled):
	case <-ctx.Done():
		return started{}, ctx.Err()
	}
	s.memory, s.files = held(cmd.Process.Pid)
	return s, nil
}

// drawn tells that a window with words in it is on the screen, whose picture X keeps in this file: a fifth of it is light or
// coloured, in more than a few colours. Without a window it is black.
func drawn(file string) bool {
	data, err := os.ReadFile(file)
	if err != nil || len(data) < 1280*800*4 {
		return false
	}
	pixels := data[len(data)-1280*800*4:]
	colours, lit := map[[3]byte]bool{}, 0
	const step = 3 * 4
	for i := 0; i+step <= len(pixels); i += step {
		p := [3]byte(pixels[i : i+3])
		if p != [3]byte{} {
			lit++
		}
		if len(colours) < 40 {
			colours[p] = true
		}
	}
	return len(colours) >= 40 && lit > len(pixels)/step/5
}

// held is the memory that the processes of a group hold, and the files that they have mapped.
func held(group int) (memory int64, files []string) {
	folders, _ := filepath.Glob("/proc/[0-9]*") // the pattern is right
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			continue
		}
		if of, err := syscall.Getpgid(pid); err != nil || of != group {
			continue
		}
		rollup, _ := os.ReadFile(filepath.Join(folder, "smaps_rollup")) // a process that has just ended holds nothing
		for line := range bytes.Lines(rollup) {
			if rest, ok := bytes.CutPrefix(line, []byte("Pss:")); ok {
				kib, _ := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte("kB")))), 10, 64)
				memory += kib << 10
			}
		}
		maps, _ := os.ReadFile(filepath.Join(folder, "maps"))
		for line := range strings.Lines(string(maps)) {
			if at := strings.IndexByte(line, '/'); at > 0 {
				if file := strings.TrimSpace(line[at:]); !slices.Contains(files, file) && !strings.HasPrefix(file, "/dev/") && !strings.HasSuffix(file, "(deleted)") {
					files = append(files, file)
				}
			}
		}
	}
	return memory, files
}
