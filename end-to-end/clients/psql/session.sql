-- What people do in psql. Its output is the same at an edge as at the database.
SET client_min_messages = warning;
DROP TABLE IF EXISTS psql_item, psql_copy;
CREATE TABLE psql_item (id int PRIMARY KEY, name text NOT NULL, price numeric(10, 2), added timestamptz DEFAULT '2026-05-01Z');
CREATE INDEX ON psql_item (name);
CREATE VIEW psql_cheap AS SELECT id, name FROM psql_item WHERE price < 10;
\d psql_item
\d+ psql_cheap
\dt psql_*
\df pg_sleep
\l postgres

INSERT INTO psql_item VALUES (1, 'Lamp äöü', 12.50), (2, 'Chair', 3), (3, 'Table', NULL);
SELECT * FROM psql_item ORDER BY id;
SELECT * FROM psql_item ORDER BY id;
TABLE psql_cheap;
\x on
SELECT * FROM psql_item WHERE id = 1;
\x off
\pset null '(null)'
SELECT price FROM psql_item WHERE id = 3;
\timing off

-- Variables.
\set who 2
SELECT name FROM psql_item WHERE id = :who;
SELECT name AS found, id AS number FROM psql_item WHERE id = :who \gset
\echo :found :number
SELECT :'found' AS quoted, :"found" FROM (SELECT 1 AS "Chair") x;
SELECT format('SELECT %s AS n', n) FROM generate_series(1, 3) n \gexec
SELECT id, name, price, added FROM psql_item \gdesc
SELECT count(*) > 2 AS many FROM psql_item \gset
\if :many
\echo many
\else
\echo few
\endif
SELECT 1 AS one \; SELECT 2 AS two;
SELECT id, name FROM psql_item \crosstabview id name id

-- Transactions.
BEGIN;
UPDATE psql_item SET name = 'Stool' WHERE id = 2;
SELECT name FROM psql_item WHERE id = 2;
SAVEPOINT one;
DELETE FROM psql_item;
SELECT count(*) FROM psql_item;
ROLLBACK TO one;
SELECT count(*) FROM psql_item;
COMMIT;
SELECT name FROM psql_item WHERE id = 2;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT count(*) FROM psql_item;
DELETE FROM psql_item;
SELECT count(*) FROM psql_item;
ROLLBACK;
\set AUTOCOMMIT off
INSERT INTO psql_item VALUES (4, 'Gone', 1);
SELECT count(*) FROM psql_item;
ROLLBACK;
\set AUTOCOMMIT on
SELECT count(*) FROM psql_item;
\set ON_ERROR_ROLLBACK on
BEGIN;
INSERT INTO psql_item VALUES (1, 'Twice', 1);
INSERT INTO psql_item VALUES (5, 'Kept', 1);
COMMIT;
\set ON_ERROR_ROLLBACK off
SELECT name FROM psql_item WHERE id = 5;

-- Errors.
SELEC 1;
SELECT * FROM no_such_table;
SELECT 1 / 0;
INSERT INTO psql_item VALUES (1, 'Twice', 1);
\errverbose
SELECT nme FROM psql_item;
SELECT 1 AS fine \; SELECT 1 / 0 \; SELECT 2;
SELECT 'the session goes on' AS fine;
DO $$ BEGIN RAISE NOTICE 'a notice'; RAISE WARNING 'a warning'; END $$;

-- Copying.
\copy psql_item (id, name, price) FROM STDIN
10	copied	1
11	copied	2
\.
COPY psql_item (id, name) FROM STDIN WITH (FORMAT csv);
12,"copied, too"
\.
SELECT id, name FROM psql_item WHERE id >= 10 ORDER BY id;
\copy (SELECT id, name FROM psql_item ORDER BY id) TO 'psql_copy.csv' WITH (FORMAT csv, HEADER)
CREATE TABLE psql_copy (id int PRIMARY KEY, name text);
\copy psql_copy FROM 'psql_copy.csv' WITH (FORMAT csv, HEADER)
SELECT count(*) FROM psql_copy;
COPY psql_copy TO STDOUT;
\copy psql_copy FROM STDIN
nonsense
\.
SELECT count(*) FROM psql_copy;

-- A cursor underneath.
\set FETCH_COUNT 7
SELECT n FROM generate_series(1, 20) n;
\unset FETCH_COUNT
BEGIN;
DECLARE walk SCROLL CURSOR FOR SELECT id FROM psql_copy ORDER BY id;
FETCH 2 FROM walk;
FETCH LAST FROM walk;
CLOSE walk;
COMMIT;

-- The session.
PREPARE by_id (int) AS SELECT name FROM psql_copy WHERE id = $1;
EXECUTE by_id(1);
EXECUTE by_id(1);
UPDATE psql_copy SET name = 'new' WHERE id = 1;
EXECUTE by_id(1);
DEALLOCATE by_id;
EXECUTE by_id(1);
SET search_path = pg_catalog;
SELECT count(*) FROM psql_copy;
RESET search_path;
SELECT count(*) FROM psql_copy;
SET TIME ZONE 'Asia/Tokyo';
SELECT added FROM psql_item WHERE id = 1;
SET TIME ZONE 'UTC';
SELECT added FROM psql_item WHERE id = 1;
SET datestyle = 'German';
SELECT added FROM psql_item WHERE id = 1;
RESET ALL;
CREATE TEMP TABLE psql_copy (id int, name text);
SELECT count(*) FROM psql_copy;
DROP TABLE pg_temp.psql_copy;
SELECT count(*) FROM psql_copy;
SET client_encoding = 'LATIN1';
SELECT length(name), octet_length(name) FROM psql_item WHERE id = 1;
SET client_encoding = 'UTF8';
SELECT name FROM psql_item WHERE id = 1;
LISTEN psql_channel;
NOTIFY psql_channel, 'hello';
UNLISTEN *;
EXPLAIN (COSTS off) SELECT name FROM psql_item WHERE id = 1;
SHOW standard_conforming_strings;
SET ROLE pg_monitor;
SELECT count(*) FROM psql_item;
RESET ROLE;
SELECT count(*) FROM psql_item;
\i no_such_file
DROP VIEW psql_cheap;
DROP TABLE psql_item, psql_copy;
SELECT count(*) FROM psql_copy;
