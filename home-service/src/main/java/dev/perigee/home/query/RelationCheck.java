package dev.perigee.home.query;

import static dev.perigee.home.database.Sql.flag;
import static dev.perigee.home.database.Sql.query;
import static dev.perigee.home.database.Sql.text;

import dev.perigee.model.TableName;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Finds out what a query reads by letting PostgreSQL analyse or plan it (never run it) and looking at the locks it then
 * holds. Analysis, rewriting and planning lock each relation they meet until the transaction ends, so this is PostgreSQL's own
 * answer to all questions of scope, search path, case, quoting and views, down to the tables beneath them; and the kind
 * of lock tells a reader from one that locks rows or writes.
 *
 * <p>Children of a table are added from the catalog, pruned or not. Thread-safe.
 */
final class RelationCheck {

    /** Names no relation itself, so that all it finds are the query's. */
    private static final String LOCKED = """
            select relation::bigint, mode = 'AccessShareLock', mode = 'RowShareLock'
              from pg_catalog.pg_lock_status()
             where locktype = 'relation' and pid = pg_catalog.pg_backend_pid()
            """;

    /** pg_publication_tables has the columns asked for through to_jsonb only from PostgreSQL 15 on. */
    private static final String RELATIONS = """
            with recursive tree as (
                select unnest($1::bigint[])::oid as oid
                union
                select i.inhrelid from tree join pg_catalog.pg_inherits i on i.inhparent = tree.oid)
            select n.nspname, c.relname, c.relkind::text, c.relpersistence::text, c.relrowsecurity,
                   rn.nspname, rc.relname,
                   exists (select from pg_catalog.pg_publication p
                             join pg_catalog.pg_publication_tables t on t.pubname = p.pubname
                            where p.pubname = 'perigee' and p.pubinsert and p.pubupdate and p.pubdelete
                              and p.pubtruncate and t.schemaname = n.nspname and t.tablename = c.relname
                              and pg_catalog.to_jsonb(t) ->> 'rowfilter' is null),
                   case c.relkind when 'v' then pg_catalog.pg_get_viewdef(c.oid) end
              from tree
              join pg_catalog.pg_class c on c.oid = tree.oid
              join pg_catalog.pg_namespace n on n.oid = c.relnamespace
              left join pg_catalog.pg_class rc on rc.oid = pg_catalog.pg_partition_root(c.oid)
              left join pg_catalog.pg_namespace rn on rn.oid = rc.relnamespace
             where c.relkind not in ('i', 'I', 't')
            """;

    private static final Set<String> SYSTEM_SCHEMAS = Set.of("pg_catalog", "information_schema", "pg_toast");

    private RelationCheck() {}

    /**
     * What a query reads.
     *
     * @param tables qualified names of the base tables, partitions by their root
     * @param views the queries of the views it reads through
     */
    record Relations(Set<String> tables, List<String> views) {}

    /**
     * Has PostgreSQL look at the query and names its relations. To be called at the beginning of a transaction, before
     * anything else has taken locks in it; they are held until its end.
     *
     * @param look makes PostgreSQL meet the relations of the query
     * @return {@link NotCacheableException} if one of them forbids to keep the result
     */
    static Mono<Relations> check(Connection connection, Mono<Void> look) {
        return look.then(Mono.defer(
                () -> query(connection, LOCKED, Lock::of).collectList().flatMap(locks -> classify(connection, locks))));
    }

    private static Mono<Relations> classify(Connection connection, List<Lock> locks) {
        if (locks.stream().anyMatch(lock -> !lock.reads && !lock.locksRows)) {
            return refused(Reason.WRITE, "it takes the lock of a writer");
        }
        if (locks.stream().anyMatch(lock -> lock.locksRows)) {
            return refused(Reason.LOCKING, "it locks rows");
        }
        Long[] oids = locks.stream().map(Lock::relation).distinct().toArray(Long[]::new);
        return query(connection, RELATIONS, Relation::of, (Object) oids)
                .collectList()
                .flatMap(RelationCheck::judge);
    }

    private static Mono<Relations> judge(List<Relation> relations) {
        Set<String> tables = new TreeSet<>();
        List<String> views = new ArrayList<>();
        for (Relation relation : relations) {
            Reason reason = relation.reason();
            if (reason != null) {
                return refused(reason, relation.schema + "." + relation.name);
            }
            if (relation.view != null) {
                views.add(relation.view);
            } else {
                tables.add(relation.wireName());
            }
        }
        return Mono.just(new Relations(tables, views));
    }

    private static <T> Mono<T> refused(Reason reason, String what) {
        return Mono.error(new NotCacheableException(reason, what));
    }

    private record Lock(Long relation, boolean reads, boolean locksRows) {

        static Lock of(Readable row) {
            Long relation = row.get(0, Long.class);
            if (relation == null) {
                throw new IllegalStateException("a lock on no relation");
            }
            return new Lock(relation, flag(row, 1), flag(row, 2));
        }
    }

    private record Relation(
            String schema,
            String name,
            String kind,
            String persistence,
            boolean rowSecurity,
            @Nullable String rootSchema,
            @Nullable String rootName,
            boolean published,
            @Nullable String view) {

        static Relation of(Readable row) {
            return new Relation(
                    text(row, 0),
                    text(row, 1),
                    text(row, 2),
                    text(row, 3),
                    flag(row, 4),
                    row.get(5, String.class),
                    row.get(6, String.class),
                    flag(row, 7),
                    row.get(8, String.class));
        }

        @Nullable
        Reason reason() {
            if (SYSTEM_SCHEMAS.contains(schema)) {
                return Reason.SYSTEM_CATALOG;
            }
            if (persistence.equals("t")) {
                return Reason.TEMPORARY_TABLE;
            }
            return switch (kind) {
                case "v" -> null;
                case "m" -> Reason.MATERIALIZED_VIEW;
                case "f" -> Reason.FOREIGN_TABLE;
                case "p" -> rowSecurity ? Reason.ROW_SECURITY : null;
                case "r" -> {
                    if (rowSecurity) {
                        yield Reason.ROW_SECURITY;
                    }
                    if (persistence.equals("u")) {
                        yield Reason.UNLOGGED_TABLE;
                    }
                    yield published ? null : Reason.NOT_PUBLISHED;
                }
                default -> Reason.UNSUPPORTED;
            };
        }

        String wireName() {
            return rootSchema != null && rootName != null
                    ? TableName.qualified(rootSchema, rootName)
                    : TableName.qualified(schema, name);
        }
    }
}
