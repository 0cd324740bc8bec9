DO $perigee$
BEGIN
  -- IF NOT EXISTS would ask for the privilege to create even when there is nothing to create.
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'perigee') THEN
    CREATE SCHEMA perigee;
  END IF;
END
$perigee$;

-- Which edge may cache, and with what. Written by any home, or by hand; a row that is gone is an edge never enabled.
CREATE TABLE IF NOT EXISTS perigee.edge_eligibility (
  edge_id    text PRIMARY KEY
             CHECK (edge_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'
                    AND edge_id NOT IN ('register', 'subscribe', 'invalidate', 'prune', 'eligible')),
  enabled    boolean NOT NULL,
  cpu_cores  double precision CHECK (cpu_cores BETWEEN 0.1 AND 1024),
  ram_mib    integer CHECK (ram_mib BETWEEN 1 AND 1048576),
  disk_mib   integer CHECK (disk_mib BETWEEN 0 AND 1073741824),
  geo        text CHECK (char_length(geo) <= 64 AND geo ~ '[^[:space:]]' AND geo !~ '[[:cntrl:]]'),
  revision   bigint NOT NULL,
  changed_at timestamptz NOT NULL
);

-- A revision is above every one that the same edge had before, also if its row was gone in between.
CREATE OR REPLACE FUNCTION perigee.stamp_eligibility() RETURNS trigger LANGUAGE plpgsql AS $perigee$
BEGIN
  NEW.changed_at := pg_catalog.clock_timestamp();
  NEW.revision := (extract(epoch FROM NEW.changed_at) * 1000000)::bigint;
  IF TG_OP = 'UPDATE' THEN
    NEW.revision := greatest(NEW.revision, OLD.revision + 1);
  END IF;
  RETURN NEW;
END
$perigee$;

-- Tells every home, in commit order. After the row, not before: INSERT ... ON CONFLICT also calls the triggers BEFORE
-- INSERT of rows that it then does not insert.
CREATE OR REPLACE FUNCTION perigee.announce_eligibility() RETURNS trigger LANGUAGE plpgsql AS $perigee$
BEGIN
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NEW.edge_id <> OLD.edge_id) THEN
    PERFORM pg_catalog.pg_logical_emit_message(true, 'perigee.eligibility', pg_catalog.json_build_object(
      'edge_id', OLD.edge_id,
      'gone', true,
      'revision', greatest(OLD.revision + 1, (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint)
    )::text);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM pg_catalog.pg_logical_emit_message(true, 'perigee.eligibility', pg_catalog.to_json(NEW)::text);
  END IF;
  RETURN NULL;
END
$perigee$;

CREATE OR REPLACE TRIGGER stamp BEFORE INSERT OR UPDATE ON perigee.edge_eligibility
  FOR EACH ROW EXECUTE FUNCTION perigee.stamp_eligibility();
CREATE OR REPLACE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON perigee.edge_eligibility
  FOR EACH ROW EXECUTE FUNCTION perigee.announce_eligibility();

-- Who holds which edge, and who is there. Renewed every other second and worthless after a crash: not in the WAL.
CREATE UNLOGGED TABLE IF NOT EXISTS perigee.edge_session (
  edge_id    text PRIMARY KEY,
  generation bigint NOT NULL,
  home_id    text NOT NULL,
  node       jsonb NOT NULL,
  -- When the row was written: how long ago the edge had acknowledged, and up to where it had everything.
  ack_age_ms bigint NOT NULL,
  epoch      text,
  confirmed  bigint NOT NULL,
  seen_at    timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE UNLOGGED TABLE IF NOT EXISTS perigee.home (
  home_id text PRIMARY KEY,
  node    jsonb NOT NULL,
  seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- What homes tell each other for people to look at, written while a console is open somewhere. Not in the WAL either.
CREATE UNLOGGED TABLE IF NOT EXISTS perigee.report (
  part    text NOT NULL,
  home_id text NOT NULL,
  body    text NOT NULL,
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (part, home_id)
) WITH (fillfactor = 50);
