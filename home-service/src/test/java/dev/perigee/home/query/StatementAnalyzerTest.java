package dev.perigee.home.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.perigee.home.database.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

class StatementAnalyzerTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static final String SCHEMA = """
            create schema other;
            create schema "Odd Schema";
            create type mood as enum ('sad', 'happy');
            create domain positive as int check (value > 0);
            create table users (id int primary key, name text, born date, joined timestamptz, data jsonb,
                                tags text[], feeling mood, boss int references users);
            create table orders (id int primary key, user_id int references users, total numeric, at timestamp);
            create table other.users (id int primary key, secret text);
            create table other.lone (id int primary key);
            create table "Odd Schema"."Odd ""Table" (id int primary key, "Select" text);
            create table measures (id int, day date, v int, primary key (id, day)) partition by range (day);
            create table measures_old partition of measures for values from (minvalue) to ('2020-01-01');
            create table measures_new partition of measures for values from ('2020-01-01') to (maxvalue)
                partition by list (id);
            create table measures_new_all partition of measures_new default;
            create table animals (id int primary key, name text);
            create table cats (lives int, primary key (id)) inherits (animals);
            create table hidden (id int primary key);
            create table filtered (id int primary key);
            create unlogged table fast (id int primary key);
            create table guarded (id int primary key);
            alter table guarded enable row level security;
            create table half (id int, d date, primary key (id, d)) partition by range (d);
            create unlogged table half_fast partition of half default;
            create table dated (id int primary key, date date, age int);
            create sequence counter;
            create view v_users as select id, upper(name) as name from users;
            create view v_over as select v.name, o.total from v_users v join orders o on o.user_id = v.id
                where exists (select from measures);
            create view v_volatile as select now() as t, id from users;
            create view v_below_volatile as select id from v_volatile;
            create view v_user as select current_user as me from users;
            create view v_hidden as select id from hidden;
            create view v_catalog as select relname from pg_class;
            create view v_today as select id from users where born = 'today';
            create materialized view mat as select id from users;
            create view v_mat as select id from mat;
            create function mine(int) returns int language sql immutable as 'select $1';
            create function noisy(users) returns int language sql volatile as 'select 1';
            create function lower(mood) returns text language sql immutable as 'select $1::text';
            create view v_mine as select mine(id) as m from users;
            create extension file_fdw;
            create server files foreign data wrapper file_fdw;
            create foreign table remote (line text) server files options (filename '/dev/null');
            create function plus_noisy(mood, mood) returns boolean language plpgsql volatile
                as 'begin return random() < 0.5; end';
            create operator <%> (leftarg = mood, rightarg = mood, function = plus_noisy);
            create function rank(mood) returns smallint language plpgsql volatile as 'begin return 1; end';
            create cast (mood as smallint) with function rank(mood);
            create function shout(text) returns text language plpgsql volatile as 'begin return $1; end';
            create domain tiny as smallint;
            create view v_cast as select feeling::smallint as i from users;
            create publication perigee for table users, orders, other.users, other.lone, "Odd Schema"."Odd ""Table",
                measures, animals, cats, guarded, dated, filtered where (id > 10);
            """;

    private static TestDatabase database;

    @BeforeAll
    static void create() {
        database = new TestDatabase("analyzer", SCHEMA);
    }

    @AfterAll
    static void drop() {
        database.close();
    }

    static Stream<Arguments> cacheable() {
        return Stream.of(
                arguments("select 1", ""),
                arguments("select 1;", ""),
                arguments("values (1, 'a'), (2, 'b')", ""),
                arguments("values ((select id from users))", "public.users"),
                arguments("table users", "public.users"),
                arguments("select * from users where id = $1", "public.users"),
                arguments("SELECT * FROM USERS U", "public.users"),
                arguments("select \"users\".\"id\" from \"users\"", "public.users"),
                arguments("select * from public.users", "public.users"),
                arguments("select * from other.users", "other.users"),
                arguments("select * from other.users o, users u", "other.users public.users"),
                arguments(
                        "select \"Select\" from \"Odd Schema\".\"Odd \"\"Table\"", "\"Odd Schema\".\"Odd \"\"Table\""),
                arguments("/* delete from */ select 1 -- ; drop table users\n", ""),
                arguments("select /* a /* nested */ comment */ id from users", "public.users"),
                arguments("select 'it''s; delete from users' from orders", "public.orders"),
                arguments("select $$; delete from 'users'$$, $x$ $$ $x$ from orders", "public.orders"),
                arguments("(select id from users)", "public.users"),
                arguments("((select id from users) union (select id from orders))", "public.orders public.users"),
                arguments(
                        "select id from users intersect select id from orders except table other.lone",
                        "other.lone public.orders public.users"),
                arguments("with users as (select 1 as id) select * from users", ""),
                arguments("with u as (select * from users) select * from u", "public.users"),
                arguments("with users as (select * from users) select * from users", "public.users"),
                arguments("with users as (select id from orders) select * from users", "public.orders"),
                arguments("select * from (with users as (select 1) select * from users) x", ""),
                arguments("select * from (with users as (select 1) select * from users) x, users", "public.users"),
                arguments(
                        "with a as (select 1), users as (select * from users) select * from a, users", "public.users"),
                arguments("with users as (select 1 as id) select * from users, public.users u", "public.users"),
                arguments(
                        "with users as (select 1 as id) select (select count(*) from users) from orders",
                        "public.orders"),
                arguments(
                        "with recursive users(id) as (select 1 union all select id + 1 from users where id < 5) "
                                + "select * from users",
                        ""),
                arguments(
                        "with recursive t as (select id, boss from users where id = $1 union all "
                                + "select u.id, u.boss from users u join t on u.id = t.boss) select * from t",
                        "public.users"),
                arguments("with unused as (select * from orders) select id from users", "public.orders public.users"),
                arguments("with w as materialized (select 1) select * from w", ""),
                arguments(
                        "with orders as (with users as (select * from other.lone) select * from users) "
                                + "select * from orders",
                        "other.lone"),
                arguments("select (select max(total) from orders) from users", "public.orders public.users"),
                arguments(
                        "select id from users where id in (select user_id from orders)", "public.orders public.users"),
                arguments(
                        "select id from users u where exists (select from orders o where o.user_id = u.id)",
                        "public.orders public.users"),
                arguments(
                        "select id from users where false and exists (select from orders)",
                        "public.orders public.users"),
                arguments("select id from users order by (select max(id) from orders)", "public.orders public.users"),
                arguments("select id from users limit (select count(*) from orders)", "public.orders public.users"),
                arguments("select id from users offset (select min(id) from orders)", "public.orders public.users"),
                arguments(
                        "select name, count(*) from users group by name having count(*) > (select 1 from orders)",
                        "public.orders public.users"),
                arguments(
                        "select u.id from users u left join orders o on o.id = (select max(id) from other.lone)",
                        "other.lone public.orders public.users"),
                arguments(
                        "select * from users u, lateral (select * from orders o where o.user_id = u.id) x",
                        "public.orders public.users"),
                arguments("select * from users join other.lone using (id)", "other.lone public.users"),
                arguments("select * from (values (1, (select id from orders))) as v(a, b)", "public.orders"),
                arguments(
                        "select count(*) filter (where id > (select 1 from orders)) from users",
                        "public.orders public.users"),
                arguments(
                        "select sum(id) over (partition by name order by id rows between 1 preceding and current row)"
                                + " from users",
                        "public.users"),
                arguments(
                        "select rank() over w from users window w as (order by (select max(id) from orders))",
                        "public.orders public.users"),
                arguments(
                        "select name, boss, count(*) from users group by grouping sets ((name), (boss), ())",
                        "public.users"),
                arguments("select name, grouping(name) from users group by rollup (name), cube (id)", "public.users"),
                arguments(
                        "select case when id > 1 then (select 1 from orders) else 2 end from users",
                        "public.orders public.users"),
                arguments(
                        "select array(select id from orders), (array[1, 2])[1], tags[1:2] from users",
                        "public.orders public.users"),
                arguments(
                        "select data -> 'a' ->> 'b', data #>> '{a,b}', data @> '{\"a\": 1}', data ? 'x' from users",
                        "public.users"),
                arguments("select data['a'] from users", "public.users"),
                arguments(
                        "select name collate \"C\" from users order by name collate \"C\" desc nulls last",
                        "public.users"),
                arguments("select distinct on (name) id from users", "public.users"),
                arguments("select id from users fetch first 3 rows with ties", null),
                arguments("select id from users order by id fetch first 3 rows with ties", "public.users"),
                arguments("select * from unnest(array[1, 2]) with ordinality as t(a, b)", ""),
                arguments("select * from rows from (unnest(array[1]), jsonb_array_elements('[1]')) as t(a, b)", ""),
                arguments(
                        "select substring(name from 1 for 2), trim(both 'x' from name), position('a' in name),"
                                + " overlay(name placing 'b' from 1 for 1) from users",
                        "public.users"),
                arguments(
                        "select coalesce(name, 'x'), nullif(name, ''), greatest(1, id), least(2, id) from users",
                        "public.users"),
                arguments(
                        "select * from users where name like 'a%' or name ilike '%b' or name similar to 'c'",
                        "public.users"),
                arguments("select * from users where name ~ '^a' and id between symmetric 3 and 1", "public.users"),
                arguments(
                        "select * from users where (id, name) = ($1, $2) or row(id, boss) < row(1, 2)", "public.users"),
                arguments("select * from users where id = any($1)", "public.users"),
                arguments("select * from users where id = any('{1,2}'::int[])", "public.users"),
                arguments("select * from users where feeling = 'happy'::mood", "public.users"),
                arguments("select name::mood, id::positive from users", "public.users"),
                arguments(
                        "select id::text, id::bigint, cast(id as numeric(10, 2)), name::varchar(3) from users",
                        "public.users"),
                arguments("select * from users where born = '2020-01-01'::date", "public.users"),
                arguments("select * from users where born = date '2020-01-01' + interval '1 day'", "public.users"),
                arguments("select * from users where born >= $1::date", "public.users"),
                arguments("select * from users where joined > cast($1 as timestamptz)", "public.users"),
                arguments("select joined + interval '1 hour', 'x' || name, 'n' || id from users", "public.users"),
                arguments("select age(at, timestamp '2020-01-01') from orders", "public.orders"),
                arguments("select percentile_cont(0.5) within group (order by total) from orders", "public.orders"),
                arguments(
                        "select string_agg(name, ',' order by name, id), array_agg(distinct id) from users",
                        "public.users"),
                arguments("select make_interval(days => 10)", ""),
                arguments("select pg_catalog.abs(id) from users", "public.users"),
                arguments("select id operator(pg_catalog.+) 1 from users", "public.users"),
                arguments("select md5(name), length(name), upper(name), round(1.5, 1) from users", "public.users"),
                arguments("select jsonb_path_query(data, '$.a[*]') from users", "public.users"),
                arguments("select u.* from users u tablesample", null),
                arguments("select d.date, dated.age from dated d", null),
                arguments("select d.date, d.age from dated d", "public.dated"),
                arguments("select x.id from (select id from users) as x", "public.users"),
                arguments("select users from users", "public.users"),
                arguments("select * from only animals", "public.animals public.cats"),
                arguments("select * from animals", "public.animals public.cats"),
                arguments("select * from cats", "public.cats"),
                arguments("select * from measures where day > '2021-01-01'", "public.measures"),
                arguments("select * from measures_old", "public.measures"),
                arguments("select * from measures_new_all", "public.measures"),
                arguments("select * from v_users", "public.users"),
                arguments("select * from v_over", "public.measures public.orders public.users"),
                arguments("with v_users as (select 1) select * from v_users", ""),
                arguments("select 1e3, 1_000, 0x1F, .5, 2., 1.5e-3", ""),
                arguments("select 3 --4\n -1", ""),
                arguments("select u.user from (select 1 as user) u", ""),
                arguments(
                        "select * from users natural join other.lone cross join orders",
                        "other.lone public.orders public.users"));
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                arguments("select id from users for update", "locking"),
                arguments("select id from users for no key update", "locking"),
                arguments("select id from users for share skip locked", "locking"),
                arguments("select id from users for key share of users nowait", "locking"),
                arguments("select * from (select id from users for update) x", "locking"),
                arguments("with x as (select id from users for update) select 1", "locking"),
                arguments("select id into copy from users", "write"),
                arguments("with d as (delete from users returning id) select * from d", "write"),
                arguments("with d as (insert into users(id) values (1) returning id) select * from d", "write"),
                arguments("with d as (update users set name = 'x' returning id) select * from d", "write"),
                arguments("with x as (select 1) delete from users", "write"),
                arguments("select now()", "volatile-function"),
                arguments("select Now ( )", "volatile-function"),
                arguments("select \"now\"()", "volatile-function"),
                arguments("select pg_catalog.now()", "volatile-function"),
                arguments("select \"pg_catalog\" . /* x */ now /* y */ ()", "volatile-function"),
                arguments("select random() from users", "volatile-function"),
                arguments("select id from users order by random()", "volatile-function"),
                arguments("select id from users limit (random() * 10)::int", "volatile-function"),
                arguments("select current_date", "volatile-function"),
                arguments("select CURRENT_TIMESTAMP(3)", "volatile-function"),
                arguments("select localtime, localtimestamp", "volatile-function"),
                arguments("select current_user", "volatile-function"),
                arguments("select user", "volatile-function"),
                arguments("select session_user, current_role, current_catalog, current_schema", "volatile-function"),
                arguments("select system_user", "volatile-function"),
                arguments("select * from users where name = current_user", "volatile-function"),
                arguments("select nextval('counter')", "volatile-function"),
                arguments("select set_config('a.b', 'c', false)", "volatile-function"),
                arguments("select pg_advisory_lock(1)", "volatile-function"),
                arguments("select pg_sleep(0)", "volatile-function"),
                arguments("select gen_random_uuid()", "volatile-function"),
                arguments("select age(joined) from users", "volatile-function"),
                arguments("select date_trunc('day', at) from orders", "volatile-function"),
                arguments("select extract(year from at) from orders", "volatile-function"),
                arguments("select to_char(joined, 'YYYY') from users", "volatile-function"),
                arguments("select joined at time zone 'UTC' from users", "volatile-function"),
                arguments("select (at, at) overlaps (at, at) from orders", "volatile-function"),
                arguments("select joined::date from users", "volatile-function"),
                arguments("select name::date from users", "volatile-function"),
                arguments("select cast(name as timestamp with time zone) from users", "volatile-function"),
                arguments("select cast(upper('x') as date)", "volatile-function"),
                arguments("select (name)::timestamp(3) from users", "volatile-function"),
                arguments("select tags::date[] from users", "volatile-function"),
                arguments("select \"date\"(name) from users", "volatile-function"),
                arguments("select ('x' || name)::interval from users", "volatile-function"),
                arguments("select 'now'::timestamp", "volatile-function"),
                arguments("select * from users where born = 'today'", "volatile-function"),
                arguments("select * from users where born = 'TOMORROW'", "volatile-function"),
                arguments("select date 'yesterday'", "volatile-function"),
                arguments("select * from users where born = any('{2020-01-01, today}')", "volatile-function"),
                arguments("select daterange('today', 'tomorrow')", "volatile-function"),
                arguments("select timestamp $$now$$", "volatile-function"),
                arguments("select '{to\\day}'::date[]", "volatile-function"),
                arguments("select * from users where born = any('{to\\day}')", "volatile-function"),
                arguments("select daterange '[to\"day\",)'", "volatile-function"),
                arguments("select '[2020-01-01,tod\\ay]'::daterange", "volatile-function"),
                arguments("select (at).age from orders", "volatile-function"),
                arguments("select (o.at).age from orders o", "volatile-function"),
                arguments("select (array[at])[1].age from orders", "volatile-function"),
                arguments("select g.age from unnest(array[timestamp '2020-01-01']) g", "volatile-function"),
                arguments("select unnest.age from unnest(array[timestamp '2020-01-01'])", "volatile-function"),
                arguments("select (name).shout from users", "user-function"),
                arguments("select g.shout from unnest(array['x']) as g", "user-function"),
                arguments("select feeling::smallint from users", "user-function"),
                arguments("select cast(feeling as pg_catalog.int2) from users", "user-function"),
                arguments("select 'sad'::mood::\"int2\"", "user-function"),
                arguments("select feeling::tiny from users", "user-function"),
                arguments("select array[feeling]::smallint[] from users", "user-function"),
                arguments("select * from v_cast", "user-function"),
                arguments("select * from users tablesample bernoulli (10)", "volatile-function"),
                arguments("select * from users tablesample system (10) repeatable (1)", "volatile-function"),
                arguments("select * from v_volatile", "volatile-function"),
                arguments("select id from v_below_volatile", "volatile-function"),
                arguments("select * from v_user", "volatile-function"),
                arguments("select id from users where exists (select from v_volatile)", "volatile-function"),
                arguments("select mine(id) from users", "user-function"),
                arguments("select public.mine(1)", "user-function"),
                arguments("select * from mine(1)", "user-function"),
                arguments("select * from users order by mine(id)", "user-function"),
                arguments("select * from users where id in (select mine(1))", "user-function"),
                arguments("select users.noisy from users", "user-function"),
                arguments("select (u).noisy from users u", "user-function"),
                arguments("select lower(feeling) from users", "user-function"),
                arguments("select * from v_mine", "user-function"),
                arguments("select feeling <%> feeling from users", "user-function"),
                arguments("select feeling operator(public.<%>) feeling from users", "user-function"),
                arguments("select relname from pg_class", "system-catalog"),
                arguments("select * from pg_catalog.pg_tables", "system-catalog"),
                arguments("select * from information_schema.tables", "system-catalog"),
                arguments("select * from v_catalog", "system-catalog"),
                arguments("select * from pg_stat_activity", "system-catalog"),
                arguments("select 'users'::regclass", "system-catalog"),
                arguments("select tableoid::regclass from users", "system-catalog"),
                arguments("select * from pg_locks", "system-catalog"),
                arguments("select * from fast", "unlogged-table"),
                arguments("select * from half", "unlogged-table"),
                arguments("select * from remote", "foreign-table"),
                arguments("select * from mat", "materialized-view"),
                arguments("select * from v_mat", "materialized-view"),
                arguments("select * from hidden", "not-published"),
                arguments("select * from v_hidden", "not-published"),
                arguments("select id from users union select id from hidden", "not-published"),
                arguments("select id from users where false and exists (select from hidden)", "not-published"),
                arguments("select * from filtered", "not-published"),
                arguments("select * from guarded", "row-security"),
                arguments("select last_value from counter", "unsupported"),
                arguments("select xmin from users", "unsupported"),
                arguments("select users.ctid from users", "unsupported"),
                arguments("select \"xmax\" from users", "unsupported"),
                arguments("select json_value('{\"a\": \"x\"}', '$.a' returning date)", "unsupported"),
                arguments("select xmlelement(name a)", "unsupported"),
                arguments("select * from nowhere", "unknown-relation"),
                arguments("select nothing from users", "unknown-relation"),
                arguments("select nothing(1)", "unknown-relation"),
                arguments("select from where", "unknown-relation"),
                arguments("select 1; delete from users", "unparsable"),
                arguments("select 1; select 2", "unparsable"),
                arguments("select 'unterminated", "unparsable"),
                arguments("select /* unterminated", "unparsable"),
                arguments("select E'\\x74oday'::date", "unparsable"),
                arguments("select U&'\\0074oday'::date", "unparsable"),
                arguments("select date 'to'\n'day'", "unparsable"),
                arguments("select 'to'\n/* no */ -- x\n'day'", "unparsable"),
                arguments("select U&\"n\\006fw\"()", "unparsable"));
    }

    @ParameterizedTest
    @MethodSource("cacheable")
    void namesWhatACacheableStatementReads(String sql, String tables) {
        Decision decision = analyze(sql);

        if (tables == null) {
            assertThat(decision.reason()).isNotNull();
            return;
        }
        assertThat(decision.reason()).as(sql).isNull();
        assertThat(String.join(" ", new TreeSet<>(decision.tables()))).isEqualTo(tables);
    }

    /** A view of the same text depends on the same relations, says PostgreSQL in pg_depend. */
    @ParameterizedTest
    @MethodSource("cacheable")
    void agreesWithPostgresOnTheDependencies(String sql, String tables) throws SQLException {
        String plain = sql.replaceAll(";$", "");
        if (tables == null || plain.contains("$1")) {
            return;
        }
        Set<String> found = new TreeSet<>();
        try (Connection connection = database.jdbc();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            try {
                statement.execute(
                        "create function pg_temp.probe() returns setof record begin atomic\n" + plain + "\n; end");
            } catch (SQLException notPossible) {
                return;
            }
            try (ResultSet rows = statement.executeQuery("""
                    with recursive used as (
                        select refobjid as oid from pg_depend
                         where classid = 'pg_proc'::regclass and objid = 'pg_temp.probe'::regproc
                           and refclassid = 'pg_class'::regclass
                        union
                        select d.refobjid from used
                          join pg_rewrite r on r.ev_class = used.oid
                          join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                                          and d.refclassid = 'pg_class'::regclass)
                    select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
                      from used join pg_class c on c.oid = coalesce(pg_partition_root(used.oid), used.oid)
                      join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p')
                    """)) {
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
            }
            connection.rollback();
        }

        assertThat(analyze(sql).tables()).containsAll(found);
    }

    @ParameterizedTest
    @MethodSource("refused")
    void refuses(String sql, String code) {
        Reason reason = analyze(sql).reason();

        assertThat(reason == null ? "cacheable" : reason.code()).isEqualTo(code);
    }

    /** The one is planned, the other is not. */
    @ParameterizedTest
    @MethodSource({"cacheable", "refused"})
    void saysTheSameOfASessionElsewhere(String sql, String ignored) {
        assertThat(elsewhere(sql)).isEqualTo(analyze(sql));
    }

    @Test
    void refusesATemporaryTable() {
        Decision decision = Mono.usingWhen(
                        database.pool().create(),
                        connection -> Mono.from(connection
                                        .createStatement("create temporary table if not exists passing as select 1")
                                        .execute())
                                .flatMap(result -> Mono.from(result.getRowsUpdated()))
                                .then(new StatementAnalyzer(new CodeCheck(Set.of()))
                                        .analyze(connection, "select * from passing")),
                        io.r2dbc.spi.Connection::close)
                .block(LIMIT);

        assertThat(decision).isEqualTo(Decision.refused(Reason.TEMPORARY_TABLE));
    }

    @Test
    void allowsTheFunctionsThatTheConfigurationNames() {
        assertThat(analyze("select mine(id) from users", "public.mine"))
                .isEqualTo(Decision.cacheable(Set.of("public.users")));
        assertThat(analyze("select date_trunc('day', at) from orders", "date_trunc"))
                .isEqualTo(Decision.cacheable(Set.of("public.orders")));
        assertThat(analyze("select mine(id), now() from users", "mine").reason())
                .isEqualTo(Reason.VOLATILE_FUNCTION);
    }

    @Test
    void runsNothing() {
        analyze("with d as (delete from users returning id) select * from d");
        analyze("select nextval('counter')");
        analyze("(analyze) delete from users");

        assertThat(database.column("select is_called from counter")).containsExactly("f");
        assertThat(List.of(StatementKind.of("(analyze) delete from users"))).containsExactly(StatementKind.UTILITY);
    }

    private static Decision analyze(String sql, String... allowed) {
        return Mono.usingWhen(
                        database.pool().create(),
                        connection -> new StatementAnalyzer(new CodeCheck(Set.of(allowed))).analyze(connection, sql),
                        io.r2dbc.spi.Connection::close)
                .block(LIMIT);
    }

    private static Decision elsewhere(String sql) {
        return Mono.usingWhen(
                        database.pool().create(),
                        connection -> new StatementAnalyzer(new CodeCheck(Set.of()))
                                .analyze(connection, sql, List.of("pg_catalog", "public"))
                                .flatMap(decision -> Sql.execute(connection, "DEALLOCATE ALL")
                                        .thenReturn(decision)),
                        io.r2dbc.spi.Connection::close)
                .block(LIMIT);
    }
}
