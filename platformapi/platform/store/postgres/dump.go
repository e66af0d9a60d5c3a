package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Dump writes the database at one moment into a new file, by pg_dump, which must be installed and not older than the server.
func Dump(ctx context.Context, rawURL, to string) error {
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL, 0o600) // pg_dump would let everybody read it
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return program(ctx, rawURL, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file="+to)
}

// Restore fills an empty database from such a file, by pg_restore, whole or not at all.
func Restore(ctx context.Context, rawURL, from string) error {
	config, err := pgxpool.ParseConfig(rawURL)
	if err != nil {
		return fmt.Errorf("database: %w", err) // pgx leaves the password out
	}
	return program(ctx, rawURL, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--dbname="+config.ConnConfig.Database, from)
}

// Empty says whether a database has no tables yet.
func Empty(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	var some bool
	err := pool.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())`).Scan(&some)
	return !some, err
}

// program runs one of PostgreSQL's own, which is told where the database is by its environment: arguments are seen by
// everybody who sees the processes.
func program(ctx context.Context, rawURL, name string, args ...string) error {
	config, err := pgxpool.ParseConfig(rawURL)
	if err != nil {
		return fmt.Errorf("database: %w", err) // pgx leaves the password out
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return fmt.Errorf("database: the URL cannot be read")
	}
	c := config.ConnConfig
	env := append(os.Environ(), "PGHOST="+c.Host, "PGPORT="+strconv.Itoa(int(c.Port)), "PGUSER="+c.User, "PGDATABASE="+c.Database)
	if c.Password != "" {
		env = append(env, "PGPASSWORD="+c.Password)
	}
	for parameter, variable := range map[string]string{"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"} {
		if v := u.Query().Get(parameter); v != "" {
			env = append(env, variable+"="+v)
		}
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Run(); errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%w; install PostgreSQL's client programs (postgresql-client), no older than the server", err)
	} else if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(complaint.Bytes()))
	}
	return nil
}
