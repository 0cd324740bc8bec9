package dev.perigee.edge.cache;

import dev.perigee.model.QueryRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What makes two reads the same read: the exact text of the statement and the exact JSON values of its parameters. The
 * hash only finds the bucket; equality is always decided on the whole. Immutable, thread-safe.
 *
 * <p>Nothing is folded: {@code 1}, {@code 1.0} and {@code "1"} are three parameters, and so are two objects whose members
 * stand in different order, because PostgreSQL's {@code json} keeps that order.
 */
public final class QueryKey implements ResultKey {

    private static final int OVERHEAD = 64;

    private final String sql;
    private final List<@Nullable Object> params;
    private final int hash;

    private QueryKey(String sql, List<@Nullable Object> params) {
        this.sql = sql;
        this.params = params;
        this.hash = 31 * sql.hashCode() + params.hashCode();
    }

    /** The key of a read. */
    public static QueryKey of(QueryRequest request) {
        // With parameters, many reads have the same text.
        String sql = request.params().isEmpty() ? request.sql() : Shared.of(request.sql());
        return new QueryKey(sql, ordered(request.params()));
    }

    @Override
    public String sql() {
        return sql;
    }

    @Override
    public int paramCount() {
        return params.size();
    }

    @Override
    public int weight() {
        return OVERHEAD + 2 * sql.length() + weight(params);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof QueryKey key && hash == key.hash && sql.equals(key.sql) && params.equals(key.params);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    private static int weight(@Nullable Object value) {
        if (value instanceof List<?> list) {
            int sum = OVERHEAD;
            for (Object element : list) {
                sum += weight(element);
            }
            return sum;
        }
        if (value instanceof Member member) {
            return 2 * member.name.length() + weight(member.value);
        }
        return value instanceof CharSequence text ? OVERHEAD + 2 * text.length() : OVERHEAD / 2;
    }

    /** Maps are equal in any order; a list of their members is not. */
    private static List<@Nullable Object> ordered(List<?> values) {
        List<@Nullable Object> copy = new ArrayList<>(values.size());
        for (Object value : values) {
            copy.add(ordered(value));
        }
        return copy;
    }

    private static @Nullable Object ordered(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            List<@Nullable Object> members = new ArrayList<>(map.size() + 1);
            members.add(Kind.OBJECT);
            map.forEach((name, member) -> members.add(new Member(String.valueOf(name), ordered(member))));
            return members;
        }
        return value instanceof List<?> list ? ordered(list) : value;
    }

    /** Keeps an empty object apart from an empty array. */
    private enum Kind {
        OBJECT
    }

    private record Member(String name, @Nullable Object value) {}
}
