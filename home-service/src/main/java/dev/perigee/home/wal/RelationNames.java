package dev.perigee.home.wal;

import dev.perigee.home.database.Sql;
import dev.perigee.model.TableName;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/**
 * From the oids of changes to the names of tables; of a partition, its root's. The server describes a relation before
 * its first change and again whenever it was altered, so a name once looked up holds until then.
 *
 * <p>Changes are decoded some time after they were made, the catalog is asked as it is now. When it no longer has the
 * relation, or has it under another name than the one the change was made under, every table is taken to be concerned.
 *
 * <p>For one reader at a time.
 */
final class RelationNames {

    private static final String SQL = """
            SELECT c.oid::text, n.nspname::text, c.relname::text, rn.nspname::text, r.relname::text
              FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_catalog.pg_class r ON r.oid = coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)
              JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
             WHERE c.oid = ANY (string_to_array($1, ',')::oid[])""";

    private final Connection connection;
    private final Map<Integer, String> known = new HashMap<>();
    /** As the server has described them last: it does so again only when they have changed themselves. */
    private final Map<Integer, PgOutputMessage.Relation> described = new HashMap<>();

    RelationNames(Connection connection) {
        this.connection = connection;
    }

    /** The tables a transaction changed, in ascending order; empty if every table may be concerned. */
    Mono<Optional<List<String>>> tables(FeedItem.CommittedChange change) {
        known.keySet().removeAll(change.described().keySet());
        described.putAll(change.described());
        if (change.allTables()) {
            // DDL: a root may have got a root of its own, of which its partitions' descriptions say nothing.
            known.clear();
            return Mono.just(Optional.empty());
        }
        if (known.keySet().containsAll(change.oids())) {
            return Mono.just(Optional.of(names(change)));
        }
        String unknown = change.oids().stream()
                .filter(oid -> !known.containsKey(oid))
                .map(Integer::toUnsignedString)
                .collect(Collectors.joining(","));
        return Sql.query(connection, SQL, this::remember, unknown)
                .then(Mono.fromSupplier(() -> known.keySet().containsAll(change.oids())
                        ? Optional.of(names(change))
                        : Optional.<List<String>>empty()));
    }

    private List<String> names(FeedItem.CommittedChange change) {
        TreeSet<String> names = new TreeSet<>(change.named());
        for (Integer oid : change.oids()) {
            String name = known.get(oid);
            if (name != null) {
                names.add(name);
            }
        }
        return List.copyOf(names);
    }

    private boolean remember(Readable row) {
        int oid = Integer.parseUnsignedInt(Sql.text(row, 0));
        PgOutputMessage.Relation then = described.get(oid);
        boolean same = then != null
                && then.schema().equals(Sql.text(row, 1))
                && then.table().equals(Sql.text(row, 2));
        if (same) {
            known.put(oid, TableName.qualified(Sql.text(row, 3), Sql.text(row, 4)));
        }
        return same;
    }
}
