CREATE SCHEMA IF NOT EXISTS perigee;

-- Tells every home, in commit order, that the catalog has changed. Temporary objects, and what cannot change the
-- answer of a query (indexes, triggers, statistics, comments), are passed over.
CREATE OR REPLACE FUNCTION perigee.note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $perigee$
BEGIN
  IF EXISTS (
    SELECT FROM pg_catalog.pg_event_trigger_ddl_commands() AS command
     WHERE command.schema_name IS DISTINCT FROM 'pg_temp'
       AND command.command_tag NOT IN ('COMMENT', 'SECURITY LABEL', 'REFRESH MATERIALIZED VIEW')
       AND lower(command.object_type) NOT IN ('index', 'trigger', 'statistics object', 'statistics')
  ) THEN
    PERFORM pg_catalog.pg_logical_emit_message(true, 'perigee.ddl', tg_tag);
  END IF;
END
$perigee$;

-- An index may have been a replica identity: the publication is looked at again, but nothing is dropped from caches.
CREATE OR REPLACE FUNCTION perigee.note_drop() RETURNS event_trigger LANGUAGE plpgsql AS $perigee$
BEGIN
  IF EXISTS (
    SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() AS gone
     WHERE NOT gone.is_temporary
       AND gone.schema_name IS DISTINCT FROM 'pg_temp'
       AND gone.schema_name IS DISTINCT FROM 'pg_toast'
       AND gone.object_type NOT IN ('index', 'trigger', 'statistics object', 'default value', 'table constraint',
                                    'toast table', 'rule')
  ) OR EXISTS (
    SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() AS gone
     WHERE gone.original AND NOT gone.is_temporary AND gone.object_type = 'rule'
  ) THEN
    PERFORM pg_catalog.pg_logical_emit_message(true, 'perigee.ddl', tg_tag);
  ELSIF EXISTS (
    SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() AS gone
     WHERE gone.original AND NOT gone.is_temporary AND gone.object_type = 'index'
  ) THEN
    PERFORM pg_catalog.pg_logical_emit_message(true, 'perigee.catalog', tg_tag);
  END IF;
END
$perigee$;

DROP EVENT TRIGGER IF EXISTS perigee_ddl;
DROP EVENT TRIGGER IF EXISTS perigee_drop;
CREATE EVENT TRIGGER perigee_ddl ON ddl_command_end EXECUTE FUNCTION perigee.note_ddl();
CREATE EVENT TRIGGER perigee_drop ON sql_drop EXECUTE FUNCTION perigee.note_drop();
-- Also in sessions that apply another server's changes.
ALTER EVENT TRIGGER perigee_ddl ENABLE ALWAYS;
ALTER EVENT TRIGGER perigee_drop ENABLE ALWAYS;
