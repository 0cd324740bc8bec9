package dev.perigee.home.database;

import dev.perigee.model.TableName;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * A table as the catalog has it, as far as publishing it is concerned. Partitions do not appear: their root speaks for
 * them.
 *
 * @param name as on the wire
 * @param sqlName as in statements
 * @param kind {@code pg_class.relkind}
 * @param persistence {@code pg_class.relpersistence}
 * @param identity {@code pg_class.relreplident}
 * @param identified whether it has a usable replica identity (of a partitioned table: a primary key to pass on)
 * @param partitionAmiss a partition that cannot be published, as in statements, or null
 * @param owned whether home's role may publish it
 * @param published whether it is in the publication
 */
record CatalogTable(
        String name,
        String sqlName,
        char kind,
        char persistence,
        char identity,
        boolean identified,
        @Nullable String partitionAmiss,
        boolean owned,
        boolean published) {

    /**
     * A deferrable or invalid index is no replica identity (see RelationGetIndexList in PostgreSQL's relcache.c); an
     * index that was one may be gone.
     */
    private static final String SQL = """
            WITH identified AS (
              SELECT c.oid, c.relkind, c.relpersistence, c.relreplident = 'f' OR EXISTS (
                       SELECT FROM pg_index i
                        WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
                          AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END
                     ) AS usable
                FROM pg_class c WHERE c.relkind IN ('r', 'p', 'f'))
            SELECT n.nspname::text, c.relname::text, format('%I.%I', n.nspname, c.relname) AS sql_name,
                   c.relkind::text, c.relpersistence::text, c.relreplident::text,
                   CASE c.relkind WHEN 'p'
                     THEN EXISTS (SELECT FROM pg_index i
                                   WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate)
                     ELSE (SELECT usable FROM identified WHERE oid = c.oid) END AS identified,
                   CASE c.relkind WHEN 'p' THEN
                     (SELECT min(format('%I.%I', ln.nspname, l.relname))
                        FROM pg_partition_tree(c.oid) tree
                        JOIN pg_class l ON l.oid = tree.relid
                        JOIN pg_namespace ln ON ln.oid = l.relnamespace
                        JOIN identified li ON li.oid = l.oid
                       WHERE l.relkind <> 'p'
                         AND (l.relkind <> 'r' OR l.relpersistence <> 'p' OR NOT li.usable)) END AS amiss,
                   pg_has_role(c.relowner, 'USAGE') AS owned,
                   EXISTS (SELECT FROM pg_publication p
                            WHERE p.pubname = 'perigee'
                              AND (p.puballtables OR EXISTS (SELECT FROM pg_publication_rel r
                                                              WHERE r.prpubid = p.oid AND r.prrelid = c.oid))
                          ) AS published
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
               AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'perigee') AND n.nspname !~ '^pg_toast'
             ORDER BY 1, 2""";

    private static final Map<Character, String> IDENTITIES =
            Map.of('d', "default", 'f', "full", 'i', "index", 'n', "nothing");

    /** Every user table. */
    static Flux<CatalogTable> all(Connection connection) {
        return Sql.query(connection, SQL, CatalogTable::of);
    }

    private static CatalogTable of(Readable row) {
        return new CatalogTable(
                TableName.qualified(Sql.text(row, 0), Sql.text(row, 1)),
                Sql.text(row, 2),
                Sql.text(row, 3).charAt(0),
                Sql.text(row, 4).charAt(0),
                Sql.text(row, 5).charAt(0),
                Sql.flag(row, "identified"),
                row.get("amiss", String.class),
                Sql.flag(row, "owned"),
                Sql.flag(row, "published"));
    }

    /** Why it must not be published, or null if it may. */
    private @Nullable String obstacle() {
        if (kind == 'f') {
            return "foreign";
        }
        if (persistence != 'p') {
            return "unlogged";
        }
        if (!identified) {
            return "no-replica-identity";
        }
        return partitionAmiss == null ? null : "partition-without-replica-identity";
    }

    /** In the publication, where the application's updates of it fail, or would go unseen. */
    boolean mustLeave() {
        return published && obstacle() != null;
    }

    /** Not in the publication, and could be. */
    boolean mayJoin() {
        return !published && owned && obstacle() == null;
    }

    /** {@code ONLY}: inheritance children are tables of their own, with a replica identity or without. */
    String target() {
        return kind == 'p' ? sqlName : "ONLY " + sqlName;
    }

    TableStatus status() {
        String obstacle = obstacle();
        String reason = published ? null : obstacle != null ? obstacle : owned ? "pending" : "not-owner";
        return new TableStatus(
                name,
                kind == 'p' ? "partitioned" : kind == 'f' ? "foreign" : "table",
                published,
                IDENTITIES.getOrDefault(identity, "nothing"),
                reason,
                reason == null ? null : statement(reason));
    }

    private @Nullable String statement(String reason) {
        return switch (reason) {
            case "unlogged" -> "ALTER TABLE " + sqlName + " SET LOGGED;";
            case "no-replica-identity" ->
                kind == 'p'
                        ? "ALTER TABLE " + sqlName + " ADD PRIMARY KEY (...);"
                        : "ALTER TABLE " + sqlName + " REPLICA IDENTITY FULL; -- or, better, ADD PRIMARY KEY";
            case "partition-without-replica-identity" -> "ALTER TABLE " + partitionAmiss + " REPLICA IDENTITY FULL;";
            case "not-owner" -> "ALTER PUBLICATION perigee ADD TABLE " + target() + ";";
            default -> null;
        };
    }
}
