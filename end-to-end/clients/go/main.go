// pgx through an edge: every mode it can send statements in, batches, copying, LISTEN, a pool.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const table = "client_pgx"

var names = map[int]string{1: "Lamp äöü", 2: "Chair", 3: "Table"}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func check(holds bool, format string, args ...any) {
	if !holds {
		panic(fmt.Sprintf(format, args...))
	}
}

func exec(ctx context.Context, c *pgx.Conn, sql string, args ...any) {
	_, err := c.Exec(ctx, sql, args...)
	must(err)
}

func last(ctx context.Context, c *pgx.Conn) (string, string) {
	var outcome string
	var reason, version, staleness, asOf *string
	must(c.QueryRow(ctx, "SHOW perigee.last").Scan(&outcome, &reason, &version, &staleness, &asOf))
	if reason == nil {
		return outcome, ""
	}
	return outcome, *reason
}

// Reads until the first that is answered from memory, with pauses: a new table takes home a moment to publish.
func readsUntilHit(ctx context.Context, c *pgx.Conn, what string, read func()) int {
	deadline := time.Now().Add(20 * time.Second)
	pause := 100 * time.Millisecond
	for reads := 1; ; reads++ {
		read()
		outcome, reason := last(ctx, c)
		if outcome == "hit" {
			return reads
		}
		check(time.Now().Before(deadline), "%s: no hit in %d reads: %s %s", what, reads, outcome, reason)
		time.Sleep(pause)
		pause = min(2*pause, time.Second)
	}
}

func count(ctx context.Context, q interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}) (n int) {
	must(q.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

func cachedReads(ctx context.Context, c *pgx.Conn) string {
	modes := []struct {
		name string
		mode pgx.QueryExecMode
	}{
		{"cached statement", pgx.QueryExecModeCacheStatement},
		{"cached description", pgx.QueryExecModeCacheDescribe},
		{"described", pgx.QueryExecModeDescribeExec},
		{"exec", pgx.QueryExecModeExec},
		{"simple", pgx.QueryExecModeSimpleProtocol},
	}
	read := func(id int, mode pgx.QueryExecMode) func() {
		return func() {
			var name string
			must(c.QueryRow(ctx, "SELECT name FROM "+table+" WHERE id = $1", mode, id).Scan(&name))
			check(name == names[id], "read %s", name)
		}
	}
	readsUntilHit(ctx, c, "warming", read(3, pgx.QueryExecModeExec))
	var hits []string
	for _, m := range modes {
		n := readsUntilHit(ctx, c, m.name, read(1, m.mode))
		hits = append(hits, fmt.Sprintf("%s: hit on read %d", m.name, n))
	}
	return strings.Join(hits, ", ")
}

func ownWrites(ctx context.Context, c *pgx.Conn) {
	for price := 100; price < 130; price++ {
		exec(ctx, c, "UPDATE "+table+" SET price = $1 WHERE id = 1", price)
		for range 2 {
			var seen int
			must(c.QueryRow(ctx, "SELECT price FROM "+table+" WHERE id = 1").Scan(&seen))
			check(seen == price, "wrote %d, read %d", price, seen)
		}
	}
}

func transactions(ctx context.Context, c *pgx.Conn) {
	before := count(ctx, c)
	must(pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO "+table+" VALUES (50, 'in', 1)")
		must(err)
		check(count(ctx, tx) == before+1, "not seen in the transaction")
		err = pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error {
			_, err := inner.Exec(ctx, "INSERT INTO "+table+" VALUES (50, 'again', 1)")
			return err
		})
		var failure *pgconn.PgError
		check(errors.As(err, &failure) && failure.Code == "23505", "%v", err)
		return nil
	}))
	check(count(ctx, c) == before+1, "not seen after the transaction")
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable})
	must(err)
	_, err = tx.Exec(ctx, "DELETE FROM "+table)
	must(err)
	must(tx.Rollback(ctx))
	check(count(ctx, c) == before+1, "a rollback is not one")
}

func batches(ctx context.Context, c *pgx.Conn) {
	for range 3 {
		batch := &pgx.Batch{}
		for id := 1000; id < 1050; id++ {
			batch.Queue("INSERT INTO "+table+" VALUES ($1, 'many', 1)", id)
		}
		batch.Queue("SELECT count(*) FROM "+table+" WHERE id >= 1000").QueryRow(func(row pgx.Row) error {
			var n int
			must(row.Scan(&n))
			check(n == 50, "a batch's own writes: %d", n)
			return nil
		})
		batch.Queue("DELETE FROM " + table + " WHERE id >= 1000")
		must(c.SendBatch(ctx, batch).Close())
	}
	reading := &pgx.Batch{}
	for id := range names {
		reading.Queue("SELECT name FROM "+table+" WHERE id = $1", id).QueryRow(func(row pgx.Row) error {
			var name string
			must(row.Scan(&name))
			check(name == names[id], "read %s", name)
			return nil
		})
	}
	must(c.SendBatch(ctx, reading).Close())
	rows := [][]any{}
	for id := 2000; id < 2200; id++ {
		rows = append(rows, []any{id, "copied"})
	}
	n, err := c.CopyFrom(ctx, pgx.Identifier{table}, []string{"id", "name"}, pgx.CopyFromRows(rows))
	must(err)
	check(n == 200, "copied %d", n)
	var seen int
	must(c.QueryRow(ctx, "SELECT count(*) FROM "+table+" WHERE name = 'copied'").Scan(&seen))
	check(seen == 200, "of what was copied there are %d", seen)
	var out strings.Builder
	_, err = c.PgConn().CopyTo(ctx, &out, "COPY (SELECT id FROM "+table+" WHERE id >= 2000) TO STDOUT")
	must(err)
	check(strings.Count(out.String(), "\n") == 200, "copied out")
	exec(ctx, c, "DELETE FROM "+table+" WHERE id >= 2000")
}

func cursors(ctx context.Context, c *pgx.Conn) {
	must(pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "DECLARE walk CURSOR FOR SELECT n FROM generate_series(1, 100) n")
		must(err)
		seen := 0
		for more := true; more; {
			rows, err := tx.Query(ctx, "FETCH 7 FROM walk")
			must(err)
			got, err := pgx.CollectRows(rows, pgx.RowTo[int])
			must(err)
			seen += len(got)
			more = len(got) > 0
		}
		check(seen == 100, "a cursor gave %d", seen)
		return nil
	}))
	statement, err := c.Prepare(ctx, "by-id", "SELECT name FROM "+table+" WHERE id = $1")
	must(err)
	check(statement.Fields[0].Name == "name", "the description of a statement")
	var name string
	must(c.QueryRow(ctx, "by-id", 2).Scan(&name))
	check(name == "Chair", "read %s", name)
	must(c.Deallocate(ctx, "by-id"))
	_, err = c.Exec(ctx, "EXECUTE \"by-id\"(2)")
	check(err != nil, "deallocated, and there")
}

func notifications(ctx context.Context, c *pgx.Conn) {
	listener, err := pgx.Connect(ctx, "")
	must(err)
	defer listener.Close(ctx)
	exec(ctx, listener, "LISTEN perigee_pgx")
	for _, payload := range []string{"hello", "again"} {
		exec(ctx, c, "SELECT pg_notify('perigee_pgx', $1)", payload)
		heard, err := listener.WaitForNotification(ctx)
		must(err)
		check(heard.Payload == payload, "heard %s", heard.Payload)
	}
}

func errorsAndCancels(ctx context.Context, c *pgx.Conn) {
	for range 2 {
		for sql, code := range map[string]string{
			"SELEC 1":                     "42601",
			"SELECT * FROM no_such_table": "42P01",
			"SELECT 1/0":                  "22012",
		} {
			_, err := c.Exec(ctx, sql)
			var failure *pgconn.PgError
			check(errors.As(err, &failure) && failure.Code == code, "%s: %v", sql, err)
		}
	}
	pid := c.PgConn().PID()
	go func() {
		time.Sleep(500 * time.Millisecond)
		must(c.PgConn().CancelRequest(ctx))
	}()
	_, err := c.Exec(ctx, "SELECT pg_sleep(30)")
	var failure *pgconn.PgError
	check(errors.As(err, &failure) && failure.Code == "57014", "not cancelled: %v", err)
	var there uint32
	must(c.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&there))
	check(there == pid, "another session")
}

func pools(ctx context.Context) {
	pool, err := pgxpool.New(ctx, "pool_max_conns=2")
	must(err)
	defer pool.Close()
	done := make(chan struct{})
	for n := range 40 {
		go func() {
			var name string
			must(pool.QueryRow(ctx, "SELECT name FROM "+table+" WHERE id = $1", n%3+1).Scan(&name))
			check(name == names[n%3+1], "read %s", name)
			done <- struct{}{}
		}()
	}
	for range 40 {
		<-done
	}
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// Everything else is in PGHOST and the like.
	c, err := pgx.Connect(ctx, "")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer c.Close(ctx)
	exec(ctx, c, "DROP TABLE IF EXISTS "+table)
	exec(ctx, c, "CREATE TABLE "+table+" (id int PRIMARY KEY, name text, price int)")
	for id, name := range names {
		exec(ctx, c, "INSERT INTO "+table+" VALUES ($1, $2, 12)", id, name)
	}
	hits := cachedReads(ctx, c)
	ownWrites(ctx, c)
	transactions(ctx, c)
	batches(ctx, c)
	cursors(ctx, c)
	notifications(ctx, c)
	errorsAndCancels(ctx, c)
	pools(ctx)
	fmt.Printf("pgx: ok (%s)\n", hits)
}
