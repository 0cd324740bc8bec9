package dev.perigee.home.query;

import static dev.perigee.home.database.Sql.flag;
import static dev.perigee.home.database.Sql.query;
import static dev.perigee.home.database.Sql.text;

import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import io.r2dbc.spi.Readable;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/**
 * The types of the database, read when first met. A user's types are forgotten at each change of the schema.
 *
 * <p>Thread-safe.
 */
final class TypeCatalog {

    /** Below it are the types that every PostgreSQL has. */
    private static final int FIRST_USER_OID = 16384;

    private static final Map<Integer, PgType.Form> FORMS = Map.ofEntries(
            Map.entry(16, PgType.Form.BOOLEAN),
            Map.entry(20, PgType.Form.NUMBER),
            Map.entry(21, PgType.Form.NUMBER),
            Map.entry(23, PgType.Form.NUMBER),
            Map.entry(700, PgType.Form.NUMBER),
            Map.entry(701, PgType.Form.NUMBER),
            Map.entry(1700, PgType.Form.NUMBER),
            Map.entry(114, PgType.Form.JSON),
            Map.entry(3802, PgType.Form.JSON),
            Map.entry(1114, PgType.Form.TIMESTAMP),
            Map.entry(1184, PgType.Form.TIMESTAMP_WITH_ZONE));

    /** The types asked for and all they are made of. */
    private static final String TYPES = """
            with recursive used as (
                select unnest($1::bigint[])::oid as oid
                union
                select part.oid
                  from used
                  join pg_catalog.pg_type t on t.oid = used.oid
                  cross join lateral (
                        select t.typelem where t.typcategory = 'A'
                        union all select t.typbasetype where t.typtype = 'd'
                        union all select a.atttypid from pg_catalog.pg_attribute a
                                   where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0
                                     and not a.attisdropped) as part(oid))
            select t.oid::bigint, t.typname::text, t.typtype::text, t.typcategory::text, t.typelem::bigint,
                   t.typbasetype::bigint,
                   coalesce((select e.typdelim::text from pg_catalog.pg_type e where e.oid = t.typelem), ','),
                   coalesce(a.attname::text, ''), coalesce(a.atttypid::bigint, 0), t.oid in (22, 30)
              from used
              join pg_catalog.pg_type t on t.oid = used.oid
              left join pg_catalog.pg_attribute a
                     on t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
             order by t.oid, a.attnum
            """;

    /** What is known of a user's types, and until when. */
    private record Known(String epoch, long schemaVersion, Map<Integer, PgType> types) {}

    private final InvalidationLog log;
    private final Map<Integer, PgType> builtIn = new ConcurrentHashMap<>();
    private volatile Known users = new Known("", -1, new ConcurrentHashMap<>());

    /** Follows the changes of the schema in this log. */
    TypeCatalog(InvalidationLog log) {
        this.log = log;
    }

    /** Makes sure that these types, and all they are made of, can be looked up. */
    Mono<IntFunction<PgType>> load(Session session, Collection<Integer> oids) {
        Map<Integer, PgType> ofUsers = ofUsers(session.epoch().name());
        Long[] missing = oids.stream()
                .distinct()
                .filter(oid -> !builtIn.containsKey(oid) && !ofUsers.containsKey(oid))
                .map(Integer::toUnsignedLong)
                .toArray(Long[]::new);
        Mono<Void> loaded = missing.length == 0
                ? Mono.empty()
                : query(session.connection(), TYPES, Row::of, (Object) missing)
                        .collectList()
                        .doOnNext(rows -> remember(rows, ofUsers))
                        .then();
        return loaded.then(Mono.just(oid -> find(ofUsers, oid)));
    }

    private PgType find(Map<Integer, PgType> ofUsers, int oid) {
        PgType type = builtIn.get(oid);
        if (type == null) {
            type = ofUsers.get(oid);
        }
        return type == null ? new PgType.Scalar("unknown", PgType.Form.STRING) : type;
    }

    private void remember(List<Row> rows, Map<Integer, PgType> ofUsers) {
        Map<Integer, List<Row>> byType = rows.stream().collect(Collectors.groupingBy(Row::oid));
        byType.forEach((oid, parts) -> {
            boolean everywhere = Integer.compareUnsigned(oid, FIRST_USER_OID) < 0;
            (everywhere ? builtIn : ofUsers).put(oid, type(parts));
        });
    }

    private static PgType type(List<Row> parts) {
        Row row = parts.get(0);
        if (row.vector) {
            return new PgType.Vector(row.name, row.element);
        }
        // A domain over an array is in the category of arrays too.
        if (row.category.equals("A") && !row.kind.equals("d")) {
            return new PgType.Array(row.name, row.element, row.delimiter);
        }
        return switch (row.kind) {
            case "d" -> new PgType.Domain(row.name, row.base);
            case "c" ->
                new PgType.Composite(
                        row.name,
                        parts.stream()
                                .filter(part -> part.attributeType != 0)
                                .map(part -> new PgType.Attribute(part.attribute, part.attributeType))
                                .toList());
            default -> new PgType.Scalar(row.name, FORMS.getOrDefault(row.oid, PgType.Form.STRING));
        };
    }

    /** Of a server that the log does not follow, nothing is remembered. */
    private Map<Integer, PgType> ofUsers(String epoch) {
        EpochLog current = log.current();
        if (current == null || !current.epoch().equals(epoch)) {
            return new ConcurrentHashMap<>();
        }
        long schemaVersion = current.allTablesVersion();
        Known known = users;
        if (!known.epoch.equals(epoch) || known.schemaVersion != schemaVersion) {
            known = new Known(epoch, schemaVersion, new ConcurrentHashMap<>());
            users = known;
        }
        return known.types;
    }

    private record Row(
            int oid,
            String name,
            String kind,
            String category,
            int element,
            int base,
            char delimiter,
            String attribute,
            int attributeType,
            boolean vector) {

        static Row of(Readable row) {
            return new Row(
                    oid(row, 0),
                    text(row, 1),
                    text(row, 2),
                    text(row, 3),
                    oid(row, 4),
                    oid(row, 5),
                    text(row, 6).charAt(0),
                    text(row, 7),
                    oid(row, 8),
                    flag(row, 9));
        }

        private static int oid(Readable row, int column) {
            return Objects.requireNonNull(row.get(column, Long.class), "a null in the catalog")
                    .intValue();
        }
    }
}
