package dev.perigee.home.query;

import static dev.perigee.home.database.Sql.flag;
import static dev.perigee.home.database.Sql.number;
import static dev.perigee.home.database.Sql.query;
import static dev.perigee.home.database.Sql.text;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Asks the catalog whether the code that a statement runs always gives the same result for the same tables.
 *
 * <ul>
 *   <li>A function must be IMMUTABLE in every overload that the call could mean, and built in; or allowed by
 *       configuration. Which overload PostgreSQL would choose is not asked: {@code date_trunc} has a STABLE one, so it
 *       is refused.
 *   <li>An operator that is built in must not be VOLATILE: the STABLE ones depend on settings that are the same in
 *       each of home's sessions. One that is not must be IMMUTABLE and written in C, as extensions have them. The same
 *       goes for casts: the implicit ones always, the explicit ones if the statement casts to their type.
 *   <li>A type that something is cast to at run time must have an IMMUTABLE input function: a text column cast to a
 *       date may say {@code today}.
 * </ul>
 *
 * <p>Thread-safe.
 */
final class CodeCheck {

    private static final String FUNCTIONS = """
            select c.ord::int, p.provolatile = 'i', n.nspname, p.pronargs::int, p.pronargdefaults::int,
                   p.provariadic <> 0
              from unnest($1::text[], $2::text[]) with ordinality as c(nsp, name, ord)
              join pg_catalog.pg_proc p on p.proname = c.name
              join pg_catalog.pg_namespace n on n.oid = p.pronamespace
             where case when c.nsp = '' then n.nspname = any (case when $3::text[] = '{}' then pg_catalog.current_schemas(true)
                                                             else $3::name[] end)
                        else n.nspname = c.nsp end
            """;

    private static final String ATTRIBUTES = """
            select n.nspname, p.proname, p.provolatile = 'i'
              from pg_catalog.pg_proc p
              join pg_catalog.pg_namespace n on n.oid = p.pronamespace
              join pg_catalog.pg_type t on t.oid = p.proargtypes[0]
             where p.proname = any ($1::text[]) and (t.typtype in ('c', 'd', 'p') or p.proname = any ($2::text[]))
               and p.pronargs - p.pronargdefaults <= 1
               and n.nspname = any (case when $3::text[] = '{}' then pg_catalog.current_schemas(true) else $3::name[] end)
               and (n.nspname <> 'pg_catalog' or p.provolatile <> 'i')
            """;

    private static final String OPERATORS = """
            select o.oprname, n.nspname = 'pg_catalog'
              from pg_catalog.pg_operator o
              join pg_catalog.pg_proc p on p.oid = o.oprcode
              join pg_catalog.pg_namespace n on n.oid = p.pronamespace
              join pg_catalog.pg_language l on l.oid = p.prolang
             where o.oprname = any ($1::text[])
               and case when n.nspname = 'pg_catalog' then p.provolatile = 'v'
                        else p.provolatile <> 'i' or l.lanname not in ('c', 'internal') end
            union all
            select 'the cast from ' || c.castsource::pg_catalog.regtype || ' to ' || c.casttarget::pg_catalog.regtype, false
              from pg_catalog.pg_cast c
              join pg_catalog.pg_proc p on p.oid = c.castfunc
              join pg_catalog.pg_namespace n on n.oid = p.pronamespace
              join pg_catalog.pg_language l on l.oid = p.prolang
             where n.nspname <> 'pg_catalog' and c.castcontext = 'i'
               and (p.provolatile <> 'i' or l.lanname not in ('c', 'internal'))
            """;

    /**
     * Casts that a statement has to ask for, to these types or to what their domains and arrays are made of. From which
     * type is not asked, and names are looked for in every schema.
     */
    private static final String EXPLICIT_CASTS = """
            with recursive target as (
                select oid from pg_catalog.pg_type where typname = any ($1::text[])
                union
                select part.oid
                  from target
                  join pg_catalog.pg_type t on t.oid = target.oid
                  cross join lateral (
                        select t.typbasetype where t.typtype = 'd'
                        union all select t.typelem where t.typcategory = 'A') as part(oid))
            select 'the cast from ' || c.castsource::pg_catalog.regtype || ' to ' || c.casttarget::pg_catalog.regtype
              from pg_catalog.pg_cast c
              join target on target.oid = c.casttarget
              join pg_catalog.pg_proc p on p.oid = c.castfunc
              join pg_catalog.pg_namespace n on n.oid = p.pronamespace
              join pg_catalog.pg_language l on l.oid = p.prolang
             where n.nspname <> 'pg_catalog' and c.castcontext <> 'i'
               and (p.provolatile <> 'i' or l.lanname not in ('c', 'internal'))
            """;

    /** The names in the catalog of the types that the grammar has keywords for (manual, "Data Types"). */
    private static final Map<String, List<String>> KEYWORD_TYPES = Map.ofEntries(
            Map.entry("bigint", List.of("int8")),
            Map.entry("bit", List.of("varbit")),
            Map.entry("boolean", List.of("bool")),
            Map.entry("char", List.of("bpchar", "varchar")),
            Map.entry("character", List.of("bpchar", "varchar")),
            Map.entry("dec", List.of("numeric")),
            Map.entry("decimal", List.of("numeric")),
            Map.entry("double", List.of("float8")),
            Map.entry("float", List.of("float4", "float8")),
            Map.entry("int", List.of("int4")),
            Map.entry("integer", List.of("int4")),
            Map.entry("national", List.of("bpchar", "varchar")),
            Map.entry("nchar", List.of("bpchar", "varchar")),
            Map.entry("real", List.of("float4")),
            Map.entry("smallint", List.of("int2")),
            Map.entry("time", List.of("timetz")),
            Map.entry("timestamp", List.of("timestamptz")));

    /** Looks through domains and arrays. Of a name that is no type there is no row. */
    private static final String TYPES = """
            with recursive named as (
                select t.oid, c.name from unnest($1::text[], $2::text[]) as c(nsp, name)
                  join pg_catalog.pg_type t on t.typname = c.name
                  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
                 where case when c.nsp = '' then n.nspname = any (case when $3::text[] = '{}'
                                                                      then pg_catalog.current_schemas(true)
                                                                      else $3::name[] end)
                            else n.nspname = c.nsp end),
            base as (
                select oid, name from named
                union
                select case when t.typtype = 'd' then t.typbasetype else t.typelem end, b.name
                  from base b join pg_catalog.pg_type t on t.oid = b.oid
                 where t.typtype = 'd' or t.typcategory = 'A')
            select b.name, n.nspname = 'pg_catalog'
              from base b
              join pg_catalog.pg_type t on t.oid = b.oid
              join pg_catalog.pg_proc p on p.oid = t.typinput
              join pg_catalog.pg_namespace n on n.oid = t.typnamespace
              join pg_catalog.pg_language l on l.oid = p.prolang
             where t.typtype not in ('d', 'e') and t.typcategory <> 'A'
               and (p.provolatile <> 'i' or l.lanname not in ('c', 'internal'))
            """;

    private final Set<String> allowed;

    /**
     * Checks with these exceptions.
     *
     * @param allowed functions, by name or by schema and name, that may be called whatever the catalog says of them
     */
    CodeCheck(Set<String> allowed) {
        this.allowed = Set.copyOf(allowed);
    }

    /**
     * Completes if the code is harmless; otherwise the error is a {@link NotCacheableException}.
     *
     * @param path the schemas in which names without one are looked for; none for the connection's own search path
     */
    Mono<Void> check(Connection connection, StatementFacts facts, List<String> path) {
        String[] schemas = path.toArray(String[]::new);
        return functions(connection, facts, schemas)
                .then(Mono.defer(() -> attributes(connection, facts, schemas)))
                .then(Mono.defer(() -> operators(connection, facts)))
                .then(Mono.defer(() -> types(connection, facts, schemas)))
                .then(Mono.defer(() -> explicitCasts(connection, facts)));
    }

    private Mono<Void> functions(Connection connection, StatementFacts facts, String[] path) {
        List<FunctionCall> calls = List.copyOf(facts.calls());
        if (calls.isEmpty()) {
            return Mono.empty();
        }
        return query(connection, FUNCTIONS, Overload::of, schemas(calls, FunctionCall::schema), names(calls), path)
                .collectList()
                .flatMap(overloads -> {
                    for (int i = 0; i < calls.size(); i++) {
                        int ordinal = i + 1;
                        List<Overload> named = overloads.stream()
                                .filter(overload -> overload.call == ordinal)
                                .toList();
                        NotCacheableException refused = refusal(calls.get(i), named);
                        if (refused != null) {
                            return Mono.error(refused);
                        }
                    }
                    return Mono.empty();
                });
    }

    private @Nullable NotCacheableException refusal(FunctionCall call, List<Overload> overloads) {
        List<Overload> meant = overloads.stream()
                .filter(overload -> call.mayMean(overload.parameters, overload.defaults, overload.variadic))
                .toList();
        for (Overload overload : meant.isEmpty() ? overloads : meant) {
            NotCacheableException refused = refusal(overload.schema, call.name(), overload.immutable);
            if (refused != null) {
                return refused;
            }
        }
        return null;
    }

    private @Nullable NotCacheableException refusal(String schema, String name, boolean immutable) {
        if (allowed.contains(name) || allowed.contains(schema + "." + name)) {
            return null;
        }
        if (!schema.equals("pg_catalog")) {
            return new NotCacheableException(Reason.USER_FUNCTION, schema + "." + name);
        }
        return immutable ? null : new NotCacheableException(Reason.VOLATILE_FUNCTION, name);
    }

    private Mono<Void> attributes(Connection connection, StatementFacts facts, String[] path) {
        if (facts.attributes().isEmpty()) {
            return Mono.empty();
        }
        return query(
                        connection,
                        ATTRIBUTES,
                        row -> Optional.ofNullable(refusal(text(row, 0), text(row, 1), flag(row, 2))),
                        facts.attributes().toArray(String[]::new),
                        facts.projections().toArray(String[]::new),
                        path)
                .concatMap(Mono::justOrEmpty)
                .next()
                .flatMap(Mono::error);
    }

    private Mono<Void> operators(Connection connection, StatementFacts facts) {
        return query(
                        connection,
                        OPERATORS,
                        row -> new NotCacheableException(
                                flag(row, 1) ? Reason.VOLATILE_FUNCTION : Reason.USER_FUNCTION, text(row, 0)),
                        (Object) facts.operators().toArray(String[]::new))
                .next()
                .flatMap(Mono::error);
    }

    private Mono<Void> types(Connection connection, StatementFacts facts, String[] path) {
        List<TypeUse> uses = new ArrayList<>(facts.types());
        // Where no function fits, name(x) is a cast.
        facts.calls().stream()
                .filter(call -> call.arguments() == 1 || call.arguments() == FunctionCall.UNKNOWN)
                .forEach(call -> uses.add(new TypeUse(call.schema(), call.name())));
        if (uses.isEmpty()) {
            return Mono.empty();
        }
        return query(
                        connection,
                        TYPES,
                        row -> new NotCacheableException(
                                flag(row, 1) ? Reason.VOLATILE_FUNCTION : Reason.USER_FUNCTION,
                                "a cast to " + text(row, 0)),
                        schemas(uses, TypeUse::schema),
                        uses.stream().map(TypeUse::name).toArray(String[]::new),
                        path)
                .next()
                .flatMap(Mono::error);
    }

    private Mono<Void> explicitCasts(Connection connection, StatementFacts facts) {
        if (facts.types().isEmpty()) {
            return Mono.empty();
        }
        String[] names = facts.types().stream()
                .map(TypeUse::name)
                .flatMap(name -> Stream.concat(Stream.of(name), KEYWORD_TYPES.getOrDefault(name, List.of()).stream()))
                .toArray(String[]::new);
        return query(
                        connection,
                        EXPLICIT_CASTS,
                        row -> new NotCacheableException(Reason.USER_FUNCTION, text(row, 0)),
                        (Object) names)
                .next()
                .flatMap(Mono::error);
    }

    private static String[] names(List<FunctionCall> calls) {
        return calls.stream().map(FunctionCall::name).toArray(String[]::new);
    }

    private static <T> String[] schemas(List<T> uses, Function<T, @Nullable String> schema) {
        return uses.stream()
                .map(use -> Objects.requireNonNullElse(schema.apply(use), ""))
                .toArray(String[]::new);
    }

    /** A function that a call may mean. */
    private record Overload(
            int call, boolean immutable, String schema, int parameters, int defaults, boolean variadic) {

        static Overload of(Readable row) {
            return new Overload(
                    number(row, 0), flag(row, 1), text(row, 2), number(row, 3), number(row, 4), flag(row, 5));
        }
    }
}
